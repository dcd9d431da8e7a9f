"""A server of TensorFlow Serving's REST protocol: for development and small deployments."""
