"""The calendar: entries as they are written, read and checked, and when each is due."""
