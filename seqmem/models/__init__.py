"""Models: networks and classics, one verb."""
