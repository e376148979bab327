"""Reading documents: from a file of any format to passages and tables."""
