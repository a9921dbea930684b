"""Tencent Cloud's `tccli`: a JSON file per service, with actions and objects."""
import json, re
from vendor import Field, flatten

PATH = "tccli/services/cvm/v20170312/api.json"
# The tag service: what CVM does not have is looked for there.
TAGS = "tccli/services/tag/v20180813/api.json"
BASIC = {"string": "string", "timestamp": "string", "datetime": "string", "datetime_iso": "string", "date": "string", "binary": "string",
         "int64": "int", "uint64": "int", "int": "int", "integer": "int", "int32": "int", "float": "float", "bool": "bool", "boolean": "bool"}


def read(package, operations):
    found = {}
    for path in PATH, TAGS:
        found |= read_service(json.loads(package.text(path)), [name for name in operations if name not in found])
    return found


def read_service(api, operations):
    objects = api["objects"]

    def fields_of(name):
        for member in objects[name]["members"]:
            kind = member["type"] if member["type"] in ("list", "object") else BASIC.get(member["type"], "json")
            of = member["member"] if member["member"] in objects else None
            doc = member.get("document", "")
            yield Field(member["name"], "json" if kind == "object" and not of else kind, of, member.get("required"), values(doc), doc=doc)

    return {name: {"http": "POST /", "request": flatten(fields_of, action["input"]), "response": flatten(fields_of, action["output"])}
            for name in operations if (action := api["actions"].get(name))}


def values(doc):
    """The words in backticks, or before a colon at the beginning of a line, that follow one of the words for "values"."""
    told = re.search(r"(?:取值范围|可选值|取值|枚举值)(.*)", doc, re.S)
    return told and (re.findall(r"`([A-Za-z][\w ]*)`", told[1]) or re.findall(r"^[\s*-]*(?:<li>)?([A-Za-z][\w ]*?)\s*[:：(（]", told[1], re.M))
