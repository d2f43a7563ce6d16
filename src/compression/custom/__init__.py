"""Old home of the base classes that users derive from."""
