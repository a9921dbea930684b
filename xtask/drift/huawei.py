"""Huawei Cloud: the Python SDK of a service, and the definitions of its API as the API Explorer shows them."""
import ast, json, re
from vendor import Field, flatten

BASIC = {"str": "string", "int": "int", "float": "float", "bool": "bool",
         "string": "string", "integer": "int", "number": "float", "boolean": "bool"}
LIMITS = {"minimum": "min", "maximum": "max", "minLength": "min_len", "maxLength": "max_len"}


def read(package, operations):
    """`huaweicloudsdk<service>`: a module per model with dictionaries of types and names; a request's body is its attribute `body`."""
    models, http = {}, {}
    for name in package.find(r"[^/]+/v\d+/model/.*\.py"):
        models |= {node.name: node for node in ast.parse(package.text(name)).body if isinstance(node, ast.ClassDef)}
    for name in package.find(r"[^/]+/v\d+/\w+_client\.py"):
        call = r'"method": "(\w+)",\s*"resource_path": "([^"]+)",\s*"request_type": [\w.]+,\s*"response_type": "(\w+)Response"'
        http |= {name: f"{method} {path}" for method, path, name in re.findall(call, package.text(name))}

    def fields_of(name):
        return model(models[name], models)

    return {name: {"http": http[name], "request": flatten(fields_of, f"{name}Request"), "response": flatten(fields_of, f"{name}Response")}
            for name in operations if f"{name}Request" in models}


def model(node, models):
    constants = {item.targets[0].id: item.value for item in node.body if isinstance(item, ast.Assign)}
    names = ast.literal_eval(constants["attribute_map"])
    init = next(item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__")
    docs = dict(re.findall(r":param (\w+): (.*?)\n\s*:type", ast.get_docstring(init) or "", re.S))
    # What is optional is set under an `if`.
    required = {step.targets[0].attr for step in init.body if isinstance(step, ast.Assign) and isinstance(step.value, ast.Name)}
    for attribute, kind in ast.literal_eval(constants["openapi_types"]).items():
        listed = re.fullmatch(r"list\[(.*)\]", kind)
        inner = listed[1] if listed else kind
        of = inner if inner in models else None
        name = names[attribute] if attribute != "body" or not of else "[body]" if listed else ""
        begin = attribute.strip("_").upper() + "_"
        enum = [value.value for constant, value in constants.items() if constant.startswith(begin) and isinstance(value, ast.Constant)]
        yield Field(name, "list" if listed else "object" if of else BASIC.get(inner, "json"), of, attribute in required, enum,
                    doc=docs.get(attribute, ""))


def read_definitions(package, operations):
    """The crate `huawei-cloud-api-definitions-<service>`: a Swagger file per operation."""
    return {name: definition(json.loads(package.text(f"src/{name}.json"))) for name in operations if f"src/{name}.json" in package.names}


def definition(data):
    (uri, methods), = data["paths"].items()
    (method, call), = methods.items()

    def resolve(schema):
        while "$ref" in schema:
            name = schema["$ref"].split("/")[-1]
            schema = {**data["definitions"][name], "name": name, **{key: value for key, value in schema.items() if key != "$ref"}}
        return schema

    # A type is its schema, kept by its name or, where it has none, by its own text.
    types = {}

    def typed(schema):
        if not schema.get("properties"):
            return None
        key = schema.get("name") or json.dumps(schema)
        types[key] = schema
        return key

    def one(name, schema, required):
        schema = resolve(schema)
        listed = schema.get("type") == "array"
        of = typed(resolve(schema.get("items", {})) if listed else schema)
        return Field(name, "list" if listed else "object" if of else BASIC.get(schema.get("type"), "json"), of, required, schema.get("enum"),
                     {short: schema[key] for key, short in LIMITS.items() if key in schema}, schema.get("description", ""))

    def fields_of(key):
        schema = types[key]
        return [one(name, own, name in schema.get("required", [])) for name, own in schema["properties"].items()]

    def body(schema):
        listed = resolve(schema).get("type") == "array"
        return one("[body]" if listed else "", schema, True)

    request = [body(own["schema"]) if own["in"] == "body" else one(own["name"], own, own.get("required", False))
               for own in call["parameters"] if own["in"] != "header"]
    answer = next((own for status, own in call["responses"].items() if status.startswith("2")), {})
    response = [body(answer["schema"])] if "schema" in answer else []
    both = {"request": request, "response": response}
    pick = lambda key: both[key] if key in both else fields_of(key)
    return {"http": f"{method.upper()} {uri}", "request": flatten(pick, "request"), "response": flatten(pick, "response")}
