"""The pages over all records, each as the parts of a `Sheet` in one language."""
