"""JD Cloud: `jdcloud_sdk` has the names of requests, the Go SDK also the types, and those of answers."""
import ast, re
from vendor import Field, flatten

GO = {"string": "string", "int": "int", "int64": "int", "bool": "bool", "float32": "float", "float64": "float"}


def of_each(operations):
    return ((service, name) for service in SERVICES for name in operations)


def pascal(name):
    return name[0].upper() + name[1:]


# Folders of the packages: the service, and another one of the vendor's that tags its images.
SERVICES = "vm", "resourcetag"


def read(package, operations):
    found = {}
    for service, name in of_each(operations):
        path = f"jdcloud_sdk/services/{service}/apis/{pascal(name)}Request.py"
        if path not in package.names:
            continue
        text = package.text(path)
        classes = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}
        parameters = classes[f"{pascal(name)}Parameters"]
        uri, method = re.search(r"'(/[^']+)', '(\w+)', header, version\)", text).groups()
        version = re.search(r'version="(\w+)"', text)[1]
        docs = {}
        for item in parameters.body:
            docs |= dict(re.findall(r":param (\w+): ?(.*?)(?=\n\s*:param |\Z)", ast.get_docstring(item, clean=False) or "", re.S))
        # What is required is an argument of the constructor; the rest begins as None.
        init = parameters.body[0]
        required = {argument.arg for argument in init.args.args[1:]}
        names = [step.targets[0].attr for step in init.body if isinstance(step, ast.Assign)]
        facts = {own: Field(own, "json", None, own in required, values(docs.get(own, "")), doc=docs.get(own, "")).facts() for own in names}
        found[name] = {"http": f"{method} /{version}{uri}", "request": facts, "response": {}}
    return found


def read_go(package, operations):
    found, texts = {}, {}
    for service, name in of_each(operations):
        path = f"services/{service}/apis/{pascal(name)}.go"
        if path in package.names:
            texts[""] = package.text(path)
            uri, version = re.search(r'URL:\s+"([^"]+)"', texts[""])[1], re.search(r'Version:\s+"(\w+)"', texts[""])[1]
            method = re.search(r'Method:\s+"(\w+)"', texts[""])[1]
            fields_of = lambda key: struct(package, texts, key)
            request = flatten(fields_of, f".{pascal(name)}Request")
            response = flatten(fields_of, f".{pascal(name)}Result")
            # `(Optional)` stands with every field of an answer: it says nothing there.
            for facts in response.values():
                facts.pop("required")
            found[name] = {"http": f"{method} /{version}{uri}", "request": request, "response": response}
    return found


def struct(package, texts, key):
    """The fields of `PACKAGE.STRUCT`: of a call's own file where no package is named, else of the package's models."""
    place, _, name = key.rpartition(".")
    path = f"services/{place}/models/{name}.go"
    text = package.text(path) if place else texts[""]
    told = re.search(rf"type {name} struct \{{(.*?)\n\}}", text, re.S)
    for doc, kind, wire in re.findall(r"(?:/\*((?:(?!\*/).)*)\*/\s*)?\w+ (\S+) `json:\"(\w+)\"`", told[1] if told else "", re.S):
        inner = kind.replace("[]", "").replace("*", "")
        of = inner if "." in inner else f"{place}.{inner}" if place and inner not in GO and inner != "interface{}" else None
        yield Field(wire, "list" if "[]" in kind else "object" if of else GO.get(inner, "json"), of, "(Optional)" not in doc, values(doc), doc=doc)


def values(doc):
    """`a、b` behind one of the words for "values", or a line per value, each in backticks."""
    told = re.search(r"(?:取值范围|支持范围|可选范围)[：:]\s*`([^`]+、[^`]+)`", doc)
    if told:
        return told[1].split("、")
    told = re.search(r"(?:取值范围|支持范围|可选范围)[：:]\s*\n((?:`[^`]+`[:：].*\n?)+)", doc)
    return told and re.findall(r"^`([^`]+)`", told[1], re.M)
