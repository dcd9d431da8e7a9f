"""TensorFlow Serving's messages, from descriptors made here: they need `protobuf` and nothing else.

`tensorflow-serving-api` has the same messages, and imports TensorFlow for them; it would also install
`tensorflow` over `tensorflow-cpu`. The tests compare the two, byte by byte.

Source: https://github.com/tensorflow/serving, `tensorflow_serving/apis` and `config`, and TensorFlow's
`core/framework` and `core/protobuf/meta_graph.proto`. Fields that nobody here writes or reads are left out;
`protobuf` keeps those of a message that it reads. Enumerations are numbers here: the same bytes.

>>> PredictRequest(model_spec=ModelSpec(name="sp500")).SerializeToString().hex(" ")
'0a 07 0a 05 73 70 35 30 30'
"""

import re
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

_SCHEMAS = {
    "tensorflow": """
        Dim: int64 size = 1, string name = 2
        TensorShapeProto: repeated Dim dim = 2, bool unknown_rank = 3
        TensorProto: int32 dtype = 1, TensorShapeProto tensor_shape = 2, bytes tensor_content = 4,
            repeated float float_val = 5, repeated double double_val = 6, repeated int32 int_val = 7,
            repeated bytes string_val = 8, repeated int64 int64_val = 10, repeated bool bool_val = 11
        TensorInfo: string name = 1, int32 dtype = 2, TensorShapeProto tensor_shape = 3
        SignatureDef: map TensorInfo inputs = 1, map TensorInfo outputs = 2, string method_name = 3
    """,
    "tensorflow.serving": """
        ModelSpec: string name = 1, Int64Value version = 2, string signature_name = 3,
            string version_label = 4
        PredictRequest: ModelSpec model_spec = 1, map TensorProto inputs = 2,
            repeated string output_filter = 3
        PredictResponse: map TensorProto outputs = 1, ModelSpec model_spec = 2
        PredictLog: PredictRequest request = 1, PredictResponse response = 2
        PredictionLog: PredictLog predict_log = 6
        GetModelStatusRequest: ModelSpec model_spec = 1
        StatusProto: int32 error_code = 1, string error_message = 2
        ModelVersionStatus: int64 version = 1, int32 state = 2, StatusProto status = 3
        GetModelStatusResponse: repeated ModelVersionStatus model_version_status = 1
        GetModelMetadataRequest: ModelSpec model_spec = 1, repeated string metadata_field = 2
        SignatureDefMap: map SignatureDef signature_def = 1
        GetModelMetadataResponse: ModelSpec model_spec = 1, map Any metadata = 2
        Latest: uint32 num_versions = 1
        All: bool unused = 1
        Specific: repeated int64 versions = 1
        ServableVersionPolicy: Latest latest = 100, All all = 101, Specific specific = 102
        ModelConfig: string name = 1, string base_path = 2, string model_platform = 4,
            ServableVersionPolicy model_version_policy = 7, map int64 version_labels = 8
        ModelConfigList: repeated ModelConfig config = 1
        ModelServerConfig: ModelConfigList model_config_list = 1
        BatchingParameters: Int64Value max_batch_size = 1, Int64Value batch_timeout_micros = 2,
            Int64Value max_enqueued_batches = 3, Int64Value num_batch_threads = 4,
            bool pad_variable_length_inputs = 7
    """,
}
_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    name: getattr(_FIELD, f"TYPE_{name.upper()}")
    for name in ("int32", "int64", "uint32", "float", "double", "bool", "string", "bytes")
}


def _messages() -> dict[str, Any]:
    """The message classes by name, in a pool of their own: no clash with TensorFlow's."""
    pool = descriptor_pool.DescriptorPool()
    homes: dict[str, str] = {}
    depends = []
    for module in (any_pb2, wrappers_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
        homes |= {name: f".google.protobuf.{name}" for name in module.DESCRIPTOR.message_types_by_name}
        depends.append(module.DESCRIPTOR.name)
    found = {}
    for package, schema in _SCHEMAS.items():
        file = descriptor_pb2.FileDescriptorProto(
            name=f"seqmem/{package}.proto", package=package, syntax="proto3", dependency=depends
        )
        lines = re.findall(r"(\w+): ((?:[\w ]+=\s*\d+,?\s*)+)", schema)
        homes |= {name: f".{package}.{name}" for name, _ in lines}
        for name, fields in lines:
            message = file.message_type.add(name=name)
            for field in fields.split(","):
                _add(message, homes, *re.findall(r"\w+", field))
        pool.Add(file)
        depends.append(file.name)
        for name, _ in lines:
            found[name] = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
    return found


def _add(message: Any, homes: dict[str, str], *words: str) -> None:
    """One field: `TYPE NAME NUMBER`, after `repeated` or, for a map from strings, `map`."""
    *how, kind, name, number = words
    field = message.field.add(name=name, number=int(number), label=_FIELD.LABEL_OPTIONAL)
    if how == ["map"]:  # on the wire: pairs, repeated
        entry = "".join(word.capitalize() for word in name.split("_")) + "Entry"
        pair = message.nested_type.add(name=entry, options={"map_entry": True})
        _add(pair, homes, "string", "key", "1")
        _add(pair, homes, kind, "value", "2")
        kind, homes = entry, {entry: f"{homes[message.name]}.{entry}"}
    if how:
        field.label = _FIELD.LABEL_REPEATED
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type, field.type_name = _FIELD.TYPE_MESSAGE, homes[kind]


_MESSAGES = _messages()
PredictRequest = _MESSAGES["PredictRequest"]
PredictResponse = _MESSAGES["PredictResponse"]
PredictionLog = _MESSAGES["PredictionLog"]
ModelSpec = _MESSAGES["ModelSpec"]
TensorProto = _MESSAGES["TensorProto"]
SignatureDef = _MESSAGES["SignatureDef"]
SignatureDefMap = _MESSAGES["SignatureDefMap"]
GetModelStatusRequest = _MESSAGES["GetModelStatusRequest"]
GetModelStatusResponse = _MESSAGES["GetModelStatusResponse"]
GetModelMetadataRequest = _MESSAGES["GetModelMetadataRequest"]
GetModelMetadataResponse = _MESSAGES["GetModelMetadataResponse"]
ModelServerConfig = _MESSAGES["ModelServerConfig"]
BatchingParameters = _MESSAGES["BatchingParameters"]
