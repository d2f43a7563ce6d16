"""What a model's file, the files beside it, and families that are known say about its images."""
