"""Care of the data: backup, restore, and the doctor's questions. Wiring level: it sees the database as a whole."""
