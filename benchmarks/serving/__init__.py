"""The web server beside pywb, and beside the bare store."""
