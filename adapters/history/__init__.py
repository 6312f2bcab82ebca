"""Market history from files of any form: recognised by content, read as raw rows of one market each."""
