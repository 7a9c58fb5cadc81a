"""In Person: a relationship CRM that nudges people toward in-person contact."""

__version__ = "0.1.0"
