"""Check-in: stores, what is near, and who was where with which evidence."""
