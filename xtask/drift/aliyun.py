"""Alibaba Cloud's `alibabacloud_<product><date>`: a module per model, whose `to_map` has the names on the wire."""
import ast, re
from vendor import Field, flatten

BASIC = {"str": "string", "int": "int", "float": "float", "bool": "bool"}


def read(package, operations):
    texts = [package.text(name) for name in package.find(r"[^/]+/models/_.*\.py")]
    # One of the two products marks what is required, the other does not.
    says = any("This parameter is required" in text for text in texts)
    models = {}
    for text in texts:
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef):
                models[node.name] = list(model(node, text.splitlines(), says))

    def fields_of(name):
        for own in models.get(name, []):
            of = models.get(own.of, [])
            # Answers wrap a list in an object that has nothing else: {"Images": {"Image": [...]}}.
            if own.type == "object" and len(of) == 1 and of[0].type == "list":
                own = Field(own.name, "list", of[0].of, own.required, own.enum, doc=own.doc)
            yield own

    return {name: {"http": "POST /", "request": flatten(fields_of, f"{name}Request"), "response": flatten(fields_of, f"{name}ResponseBody")}
            for name in operations if f"{name}Request" in models}


def model(node, lines, says):
    methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
    wire = wire_names(methods["to_map"])
    docs = {step.targets[0].attr: comment(lines, step.lineno) for step in methods["__init__"].body if isinstance(step, ast.Assign)}
    for argument in methods["__init__"].args.args[1:]:
        name = argument.arg
        if name not in wire:
            continue
        kind = ast.unparse(argument.annotation).replace("main_models.", "")
        listed = re.fullmatch(r"List\[(.*)\]", kind)
        inner = listed[1] if listed else kind
        of = None if inner in BASIC or "[" in inner or inner == "Any" else inner
        doc = docs.get(name, "")
        required = "This parameter is required" in doc if says else None
        yield Field(wire[name], "list" if listed else "object" if of else BASIC.get(inner, "json"), of, required, values(doc), doc=doc)


def wire_names(to_map):
    """By attribute: `result['Name'] = self.name...`, or for a list `for k in self.name: result['Name'].append(...)`."""
    names = {}
    for step in ast.walk(to_map):
        if isinstance(step, ast.Assign) and isinstance(step.targets[0], ast.Subscript):
            value = step.value
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
                value = value.func.value
            if isinstance(value, ast.Attribute):
                names[value.attr] = step.targets[0].slice.value
        if isinstance(step, ast.For) and isinstance(step.iter, ast.Attribute):
            for call in ast.walk(step):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "append":
                    names[step.iter.attr] = call.func.value.slice.value
    return names


def comment(lines, number):
    """The comment lines that end above a line, which is counted from 1."""
    above = []
    for line in reversed(lines[:number - 1]):
        if not line.strip().startswith("#"):
            break
        above.insert(0, line.strip()[1:].strip())
    return "\n".join(above)


def values(doc):
    """The bullets that follow "Valid values"."""
    told = re.search(r"Valid values[^\n]*:\s*\n\s*((?:[-*] .*(?:\n|$)+)+)", doc)
    return told and re.findall(r"^[-*] `?([\w .:/-]+?)`?\s*(?:[:(,.].*)?$", told[1], re.M)
