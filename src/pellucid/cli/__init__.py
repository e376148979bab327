"""The command line: one file a command. It holds no arithmetic."""
