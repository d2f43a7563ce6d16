"""What examples share with tests and training scripts: downloads, and makers of data for everyone."""
