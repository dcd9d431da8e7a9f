"""The messages of TensorFlow Serving."""
