"""The warmup file is the one that TensorFlow Serving's own package writes, and it fits its model."""

import numpy as np
import pytest
import served_models as made
import tensorflow as tf

from seqmem.serving.exporting import warmup
from seqmem.serving.protocol import protos
from seqmem.serving.protocol.tensors import to_array


def _records(folder):
    data = tf.data.TFRecordDataset(str(folder / warmup.PLACE)).as_numpy_iterator()
    return [protos.PredictionLog.FromString(record).predict_log.request for record in data]


def test_an_export_has_one_that_its_own_graph_accepts(exported):
    assert warmup.PLACE.as_posix() == "assets.extra/tf_serving_warmup_requests"
    serve = tf.saved_model.load(str(exported)).signatures["serving_default"]
    requests = _records(exported)
    assert [to_array(one.inputs["closes"]).shape for one in requests] == [(1, 9), (32, 9)]
    for one in requests:
        assert (one.model_spec.name, one.model_spec.signature_name) == ("small", "serving_default")
        answer = serve(closes=tf.constant(to_array(one.inputs["closes"])))
        assert np.isfinite(answer["forecast"]).all()


def test_it_has_the_bytes_of_their_own(exported, tmp_path):
    pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is not there: see the Makefile")
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    closes = np.linspace(100, 101, 9).astype("float32")
    with tf.io.TFRecordWriter(str(tmp_path / "theirs")) as writer:
        for batch in (1, 32):
            request = predict_pb2.PredictRequest()
            request.model_spec.name = "small"
            request.model_spec.signature_name = "serving_default"
            request.inputs["closes"].CopyFrom(tf.make_tensor_proto(np.tile(closes, (batch, 1))))
            log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
            writer.write(log.SerializeToString(deterministic=True))
    assert (tmp_path / "theirs").read_bytes() == (exported / warmup.PLACE).read_bytes()


def test_any_signature_can_be_warmed(tmp_path):
    folder = made.put(tmp_path, "rising", 1)
    warmup.write(folder, context_length=4, name="rising", batches=(2,), signature="step")
    (request,) = _records(folder)
    assert to_array(request.inputs["close"]).tolist() == [100, 101]
    assert to_array(request.inputs["state"]).shape == (2, 2)
    warmup.write(folder, context_length=4, name="rising", batches=(2,), signature="describe")
    assert to_array(_records(folder)[0].inputs["request"]).tolist() == [b"", b""]
    with pytest.raises(KeyError, match="nonsense"):
        warmup.write(folder, context_length=4, name="rising", signature="nonsense")
