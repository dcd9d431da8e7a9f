"""A forged folder: what somebody can do who can write it."""

import json

from tensorflow.core.protobuf import saved_model_pb2

from seqmem.serving.safe_files import file_hashes


def forge(folder, change):
    """Change the card as somebody does who can write the folder: in the graph too, and with new hashes."""
    card = json.loads((folder / "card.json").read_text())
    change(card)
    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    inner = {name: value for name, value in card.items() if name not in ("operations", "files")}
    for function in saved.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            texts = node.attr["value"].tensor.string_val
            if node.op == "Const" and texts and texts[0].startswith(b"{"):
                texts[0] = json.dumps(inner).encode()
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    card["files"] = file_hashes(folder, leave_out=["card.json"])
    (folder / "card.json").write_text(json.dumps(card))
