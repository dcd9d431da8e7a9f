"""Load: an exported model, looked at before anything in it is made."""
