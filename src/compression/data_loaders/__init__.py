"""Old home of the data loaders."""
