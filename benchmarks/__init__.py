"""Speed: seqmem beside Keras, PyTorch, neuralforecast and darts; see README.md."""
