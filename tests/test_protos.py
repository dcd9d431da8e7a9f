"""Our messages are TensorFlow Serving's: the same bytes as its own package writes, and reads."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seqmem.serving.protocol import protos
from seqmem.serving.protocol.tensors import to_array, to_proto
from seqmem.serving.server import configs

SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
NUMBERS = st.sampled_from([np.float32, np.float64, np.int32, np.int64, np.bool_]).flatmap(
    lambda dtype: arrays.arrays(dtype, SHAPES)
)


@given(NUMBERS)
def test_an_array_is_the_tensor_that_tensorflow_writes_and_comes_back(array):
    ours = to_proto(array)
    assert ours.SerializeToString() == tf.make_tensor_proto(array).SerializeToString()
    back = to_array(ours)
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(back, array)


@given(arrays.arrays(object, SHAPES, elements=st.binary(max_size=5)))
def test_so_does_an_array_of_strings(array):
    theirs = tf.make_tensor_proto(array, tf.string, array.shape)
    assert to_proto(array).SerializeToString() == theirs.SerializeToString()
    np.testing.assert_array_equal(to_array(to_proto(array)), array)


def test_a_single_value_may_stand_for_many():
    theirs = tf.make_tensor_proto(7.0, tf.float32, [2, 3])
    np.testing.assert_array_equal(
        to_array(protos.TensorProto.FromString(theirs.SerializeToString())), np.full((2, 3), 7, "float32")
    )


def test_a_type_that_no_signature_has_is_refused():
    with pytest.raises(TypeError, match="no tensor of complex128; expected one of DT_FLOAT"):
        to_proto(np.array([1j]))
    with pytest.raises(TypeError, match="type 18"):
        to_array(protos.TensorProto(dtype=18))


@pytest.fixture(scope="module")
def theirs():
    pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is not there: see the Makefile")
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_pb2,
        predict_pb2,
        prediction_log_pb2,
    )
    from tensorflow_serving.config import model_server_config_pb2

    modules = (get_model_metadata_pb2, get_model_status_pb2, model_pb2, predict_pb2, prediction_log_pb2)
    found = {
        name: getattr(module, name) for module in modules for name in module.DESCRIPTOR.message_types_by_name
    }
    return found | {"ModelServerConfig": model_server_config_pb2.ModelServerConfig}


REQUEST = """
    model_spec { name: "m" version { value: 3 } signature_name: "s" }
    inputs { key: "closes" value {
        dtype: %s tensor_shape { dim { size: 1 } dim { size: 2 } } tensor_content: "12345678" } }
    inputs { key: "request" value { dtype: %s tensor_shape { dim { size: 1 } } string_val: "x" } }
"""
LOG = "predict_log { request { " + REQUEST + " } response { } }"
STATUS = 'model_version_status { version: 3 state: %s status { error_code: %s error_message: "no" } }'


@pytest.mark.parametrize(
    ("name", "text", "ours", "words"),
    [
        ("PredictRequest", REQUEST, (1, 7), ("DT_FLOAT", "DT_STRING")),
        ("PredictRequest", 'model_spec { version_label: "stable" } output_filter: "a"', (), ()),
        (
            "PredictResponse",
            'outputs { key: "y" value { dtype: %s float_val: [1, 2] int64_val: 3 bool_val: true } }'
            " model_spec { version { value: 2 } }",
            (1,),
            ("DT_FLOAT",),
        ),
        ("PredictionLog", LOG, (1, 7), ("DT_FLOAT", "DT_STRING")),
        ("GetModelStatusRequest", 'model_spec { name: "m" }', (), ()),
        ("GetModelStatusResponse", STATUS, (30, 3), ("AVAILABLE", "INVALID_ARGUMENT")),
        ("GetModelMetadataRequest", 'model_spec { name: "m" } metadata_field: "signature_def"', (), ()),
        (
            "SignatureDefMap",
            'signature_def { key: "s" value { method_name: "p" outputs { key: "y" value { } } '
            'inputs { key: "x" value { name: "x:0" dtype: %s tensor_shape { dim { size: -1 } } } } } }',
            (1,),
            ("DT_FLOAT",),
        ),
        (
            "ModelServerConfig",
            'model_config_list { config { name: "a" base_path: "/m/a" model_platform: "tensorflow" '
            "model_version_policy { specific { versions: 1 versions: 4 } } "
            'version_labels { key: "stable" value: 4 } } }',
            (),
            (),
        ),
    ],
)  # fmt: skip
def test_each_message_has_the_bytes_of_their_own(name, text, ours, words, theirs):
    own = text_format.Parse(text % ours if ours else text, getattr(protos, name)())
    other = text_format.Parse(text % words if words else text, theirs[name]())
    data = own.SerializeToString(deterministic=True)
    assert data == other.SerializeToString(deterministic=True)
    assert len(data) > 4
    assert type(other).FromString(data) == other
    assert type(own).FromString(data) == own


def test_metadata_in_an_any(theirs):
    answer = theirs["GetModelMetadataResponse"]()
    inside = theirs["SignatureDefMap"]()
    inside.signature_def["s"].method_name = "p"
    answer.metadata["signature_def"].Pack(inside)
    own = protos.GetModelMetadataResponse.FromString(answer.SerializeToString())
    found = protos.SignatureDefMap.FromString(own.metadata["signature_def"].value)
    assert found.signature_def["s"].method_name == "p"


def test_models_config_is_one_that_they_read(theirs, tmp_path):
    for name, versions in (("a", (1, 2, 10)), ("b", (3,))):
        for version in versions:
            (tmp_path / name / str(version)).mkdir(parents=True)
            (tmp_path / name / str(version) / "saved_model.pb").touch()
    text = configs.models_config(tmp_path, seen_at="/models", stable={"a": 2})
    found = text_format.Parse(text, theirs["ModelServerConfig"]()).model_config_list.config
    assert [(one.name, one.base_path, one.model_platform) for one in found] == [
        ("a", "/models/a", "tensorflow"),
        ("b", "/models/b", "tensorflow"),
    ]
    assert list(found[0].model_version_policy.specific.versions) == [2, 10]
    assert dict(found[0].version_labels) == {"stable": 2, "canary": 10}
    text = configs.models_config(tmp_path, latest=2)
    found = text_format.Parse(text, theirs["ModelServerConfig"]()).model_config_list.config
    assert found[0].model_version_policy.latest.num_versions == 2


def test_the_messages_need_protobuf_alone():
    code = (
        "import sys, seqmem.serving.protocol.protos\n"
        "print(*[m for m in ('tensorflow', 'tensorflow_serving', 'keras', 'pandas') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
