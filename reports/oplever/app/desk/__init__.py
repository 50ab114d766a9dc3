"""The desk: who may do what in the browser, logged in as whom."""
