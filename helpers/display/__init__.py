"""What `look` is made of: read an answer whatever its form, say it in words, draw it."""
