"""Export: a fitted forecaster as a SavedModel."""
