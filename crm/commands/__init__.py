"""The commands of each room: wiring, registered in ``crm/cli.py``."""
