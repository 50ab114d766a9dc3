"""The desk: a face in the browser beside the command line. It parses, calls the application, and shows."""
