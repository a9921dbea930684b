"""UCloud's `ucloud-sdk-python3`: a folder per service, with schemas as classes and the prose in the client's docstrings."""
import ast, re
from vendor import Field, flatten

BASIC = {"Str": "string", "Base64": "string", "Int": "int", "Float": "float", "Bool": "bool"}


def read(package, operations):
    found = {}
    for service in ("uhost", "uaccount"):
        folder, schemas = f"ucloud/services/{service}", {}
        for name in (f"{folder}/schemas/models.py", f"{folder}/schemas/apis.py"):
            for node in ast.parse(package.text(name)).body:
                if isinstance(node, ast.ClassDef):
                    schemas[node.name] = next(item.value for item in node.body if isinstance(item, ast.Assign))
        docs = prose(package.text(f"{folder}/client.py"))
        for name in operations:
            if f"{name}RequestSchema" in schemas:
                found[name] = {"http": "POST /"}
                for side in ("Request", "Response"):
                    fields_of = lambda key: [one(wire.value, call, docs.get((name, side, wire.value), ""))
                                             for wire, call in zip(schemas[key].keys, schemas[key].values)]
                    found[name][side.lower()] = flatten(fields_of, f"{name}{side}Schema")
    return found


def one(name, call, doc):
    required = next((word.value.value for word in call.keywords if word.arg == "required"), None)
    kind = called(call)
    if kind == "List":
        inner = called(call.args[0])
        return Field(name, "list", inner if inner.endswith("Schema") else None, required, values(doc), doc=doc)
    if kind.endswith("Schema"):
        return Field(name, "object", kind, required, doc=doc)
    return Field(name, BASIC[kind], None, required, values(doc), doc=doc)


def called(call):
    """The last name of what is called: `Str` of `fields.Str()`, `ImageSchema` of `ImageSchema()`."""
    return ast.unparse(call.func).split(".")[-1]


def prose(client):
    """By operation, side and field. A name inside a structure is listed with those above it."""
    docs = {}
    for node in ast.walk(ast.parse(client)):
        if isinstance(node, ast.FunctionDef) and (told := re.match(r"(\w+) - ", text := ast.get_docstring(node) or "")):
            request, _, response = text.partition("**Response**")
            for side, part in ("Request", request), ("Response", response):
                docs |= {(told[1], side, name): line for name, line in re.findall(r"- \*\*(\w+)\*\* \([^)]*\) - (.*)", part)}
    return docs


def values(doc):
    told = re.search(r"(?:枚举值|可选|取值)([^\n]*)", re.sub(r"`[^`]*<http[^`]*`_|https?://\S+", "", doc))
    return told and re.findall(r"\b[A-Za-z]\w*", told[1], re.ASCII)
