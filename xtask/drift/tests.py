"""Tests of the readers: small packages laid out as the vendors' are, made in a folder that goes. Run as a script."""
import hashlib, io, json, pathlib, subprocess, sys, tarfile, tempfile, unittest, zipfile
import aliyun, huawei, jdcloud, tencent, ucloud, vendor

# Whoever imports or runs a package ends here.
RUN = "raise SystemExit('a package was run')\n"


def doc(text):
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:8]


class WithPackages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def wheel(self, files, name="theirs-1.2.3-py3-none-any.whl"):
        path = self.folder / name
        with zipfile.ZipFile(path, "w") as archive:
            for file, text in files.items():
                archive.writestr(file, text)
        return path

    def package(self, files):
        return vendor.Package(self.wheel(files))


class Packages(WithPackages):
    def test_a_wheel(self):
        path = self.wheel({"a/b.py": "ü"})
        package = vendor.Package(path)
        self.assertEqual(package.text("a/b.py"), "ü")
        self.assertEqual(package.identity(), ("1.2.3", hashlib.sha256(path.read_bytes()).hexdigest()))
        with self.assertRaises(KeyError):
            package.text("b.py")

    def test_a_tarball_loses_the_folder_of_its_version_and_no_other(self):
        path = self.folder / "theirs-4.5.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for name in "theirs-4.5/a/b-6.py", "theirs/c.py":
                member = tarfile.TarInfo(name)
                member.size = 2
                archive.addfile(member, io.BytesIO(b"ok"))
            link = tarfile.TarInfo("theirs-4.5/link")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
        package = vendor.Package(path)
        self.assertEqual(sorted(package.names), ["a/b-6.py", "theirs/c.py"])
        self.assertEqual((package.text("a/b-6.py"), package.identity()[0]), ("ok", "4.5"))

    def test_a_folder_of_cargo(self):
        (self.folder / "src").mkdir()
        (self.folder / "src/A.json").write_text("{}")
        (self.folder / "Cargo.toml").write_text('[package]\nname = "x"\nversion = "0.3.1"\n')
        (self.folder / ".cargo-checksum.json").write_text('{"files": {}, "package": "abc"}')
        package = vendor.Package(self.folder)
        self.assertEqual((package.text("src/A.json"), package.identity()), ("{}", ("0.3.1", "abc")))

    def test_names_are_found_whole_and_in_order(self):
        package = self.package({"b/m/_x.py": "", "a/m/_y.py": "", "a/m/_y.pyc": "", "deep/a/m/_z.py": ""})
        self.assertEqual(package.find(r"[^/]+/m/_.*\.py"), ["a/m/_y.py", "b/m/_x.py"])


class Facts(unittest.TestCase):
    def test_what_is_not_said_is_absent(self):
        self.assertEqual(vendor.Field("a").facts(), {"type": "json"})
        field = vendor.Field("a", "int", None, False, ["b", 1, "b"], {"min": 0}, "  two\n words ")
        self.assertEqual(field.facts(), {"type": "int", "required": False, "enum": ["1", "b"], "limits": {"min": 0}, "doc": doc("two words")})

    def test_paths_and_a_type_inside_itself(self):
        types = {
            "call": [vendor.Field("", "object", "body"), vendor.Field("id", "string")],
            "body": [vendor.Field("tags", "list", "tag"), vendor.Field("one", "object", "tag")],
            "tag": [vendor.Field("key", "string"), vendor.Field("tags", "list", "tag")],
        }
        self.assertEqual(list(vendor.flatten(types.get, "call")), ["tags", "tags[].key", "tags[].tags", "one", "one.key", "one.tags", "id"])


class Tencent(WithPackages):
    def test_an_action(self):
        told = "<li>RAW: raw</li>"
        members = [
            {"name": "Name", "type": "string", "member": "string", "required": True, "document": "取值范围：`a b` `C`"},
            {"name": "Kind", "type": "string", "member": "string", "document": "可选值\n" + told},
            {"name": "Size", "type": "uint64", "member": "uint64", "required": False},
            {"name": "Tags", "type": "list", "member": "Tag"},
            {"name": "Ids", "type": "list", "member": "string"},
            {"name": "Empty", "type": "object", "member": "Nothing"},
            {"name": "New", "type": "decimal", "member": "decimal"},
        ]
        api = {
            "actions": {"Import": {"input": "In", "output": "Out"}, "Other": {"input": "Gone", "output": "Gone"}},
            "objects": {"In": {"members": members}, "Out": {"members": []}, "Tag": {"members": [{"name": "Key", "type": "string", "member": "string"}]}},
        }
        tags = {"actions": {"Import": {"input": "Gone", "output": "Gone"}, "Tag": {"input": "In", "output": "In"}},
                "objects": {"In": {"members": [{"name": "Keys", "type": "list", "member": "string"}]}}}
        package = self.package({tencent.PATH: json.dumps(api), tencent.TAGS: json.dumps(tags), "setup.py": RUN})
        found = tencent.read(package, ["Tag", "Import", "Absent"])
        self.assertEqual(sorted(found), ["Import", "Tag"])
        self.assertEqual(found["Tag"]["request"], {"Keys": {"type": "list"}})
        self.assertEqual((found["Import"]["http"], found["Import"]["response"]), ("POST /", {}))
        self.assertEqual(found["Import"]["request"], {
            "Name": {"type": "string", "required": True, "enum": ["C", "a b"], "doc": doc("取值范围：`a b` `C`")},
            "Kind": {"type": "string", "enum": ["RAW"], "doc": doc("可选值 " + told)},
            "Size": {"type": "int", "required": False},
            "Tags": {"type": "list"},
            "Tags[].Key": {"type": "string"},
            "Ids": {"type": "list"},
            "Empty": {"type": "json"},
            "New": {"type": "json"},
        })

    def test_another_layout_fails(self):
        with self.assertRaises(KeyError):
            tencent.read(self.package({"tccli/services/cvm/v20180101/api.json": "{}"}), ["Import"])
        with self.assertRaises(KeyError):
            tencent.read(self.package({tencent.PATH: '{"actions": {"Import": {"input": "In", "output": "In"}}, "objects": {}}'}), ["Import"])
        with self.assertRaises(KeyError):
            tencent.read(self.package({tencent.PATH: '{"actions": {}, "objects": {}}'}), ["Import"])


UCLOUD_APIS = RUN + '''
class ImportCustomImageRequestSchema(schema.RequestSchema):
    fields = {
        "ImageName": fields.Str(required=True, dump_to="ImageName"),
        "Auth": fields.Bool(required=False),
        "Tags": fields.List(fields.Str()),
        "Set": fields.List(models.TagSchema()),
        "One": models.TagSchema(required=False),
    }

class ImportCustomImageResponseSchema(schema.ResponseSchema):
    fields = {"ImageId": fields.Str(required=False, load_from="ImageId")}
'''
UCLOUD_CLIENT = RUN + '''
class UHostClient(Client):
    def import_custom_image(self, req=None, **kwargs):
        """ ImportCustomImage - imports

        **Request**

        - **ImageName** (str) - (Required) its name
        - **Auth** (bool) - 枚举值：Yes 或 No，见 `that <https://docs.ucloud.cn/Ignored>`_

        **Response**

        - **ImageId** (str) - its id
        """
'''


class Ucloud(WithPackages):
    def package_of(self, apis):
        files = {}
        for service in "uhost", "uaccount":
            folder = f"ucloud/services/{service}"
            files |= {f"{folder}/schemas/models.py": "", f"{folder}/schemas/apis.py": "", f"{folder}/client.py": ""}
        files["ucloud/services/uhost/schemas/models.py"] = 'class TagSchema(schema.ResponseSchema):\n    fields = {"Key": fields.Str()}\n'
        files["ucloud/services/uhost/schemas/apis.py"] = apis
        files["ucloud/services/uhost/client.py"] = UCLOUD_CLIENT
        return self.package(files)

    def test_a_service(self):
        found = ucloud.read(self.package_of(UCLOUD_APIS), ["ImportCustomImage", "Absent"])
        self.assertEqual(list(found), ["ImportCustomImage"])
        auth = "枚举值：Yes 或 No，见 `that <https://docs.ucloud.cn/Ignored>`_"
        self.assertEqual(found["ImportCustomImage"], {
            "http": "POST /",
            "request": {
                "ImageName": {"type": "string", "required": True, "doc": doc("(Required) its name")},
                "Auth": {"type": "bool", "required": False, "enum": ["No", "Yes"], "doc": doc(auth)},
                "Tags": {"type": "list"},
                "Set": {"type": "list"},
                "Set[].Key": {"type": "string"},
                "One": {"type": "object", "required": False},
                "One.Key": {"type": "string"},
            },
            "response": {"ImageId": {"type": "string", "required": False, "doc": doc("its id")}},
        })

    def test_another_layout_fails(self):
        with self.assertRaises(KeyError):
            ucloud.read(self.package_of(UCLOUD_APIS.replace("fields.Bool", "fields.Flag")), ["ImportCustomImage"])
        with self.assertRaises(KeyError):
            ucloud.read(self.package_of(UCLOUD_APIS.replace("ResponseSchema(", "AnswerSchema(")), ["ImportCustomImage"])


HUAWEI_MODEL = RUN + '''
class {name}:
    openapi_types = {types}
    attribute_map = {names}
    {constants}

    def __init__(self, {arguments}):
        """{name}

        :param name: what it
            is called
        :type name: str
        """
{steps}
'''


def huawei_model(name, types, required=(), constants="pass"):
    steps = "".join(f"        self.{own} = {own}\n" if own in required else f"        if {own} is not None:\n            self.{own} = {own}\n"
                    for own in types)
    return HUAWEI_MODEL.format(name=name, types=types, names={own: own.strip("_").replace("_", "-") for own in types}, constants=constants,
                               arguments=", ".join(f"{own}=None" for own in types), steps="        self._x = None\n" + steps)


class Huawei(WithPackages):
    def test_a_service(self):
        own = "huaweicloudsdkims/v2/model"
        call = '{"method": "POST",\n "resource_path": "/v2/images",\n "request_type": ImportRequest.__name__,\n "response_type": "ImportResponse"\n}'
        package = self.package({
            f"{own}/import_request.py": huawei_model("ImportRequest", {"lang": "str", "body": "ImportBody"}, constants='LANG_EN = "en"\n    LANG_ZH = "zh"'),
            f"{own}/import_body.py": huawei_model("ImportBody", {"name": "str", "min_disk": "int", "tags": "list[Tag]", "ids": "list[str]"}, ("name",)),
            f"{own}/tag.py": huawei_model("Tag", {"key": "str"}),
            f"{own}/import_response.py": huawei_model("ImportResponse", {"body": "list[Tag]", "at": "datetime"}),
            "huaweicloudsdkims/v2/ims_client.py": f"class C:\n    def _http_info(self):\n        http_info = {call}\n",
        })
        found = huawei.read(package, ["Import", "Absent"])
        self.assertEqual(list(found), ["Import"])
        self.assertEqual(found["Import"], {
            "http": "POST /v2/images",
            "request": {
                "lang": {"type": "string", "required": False, "enum": ["en", "zh"]},
                "name": {"type": "string", "required": True, "doc": doc("what it is called")},
                "min-disk": {"type": "int", "required": False},
                "tags": {"type": "list", "required": False},
                "tags[].key": {"type": "string", "required": False},
                "ids": {"type": "list", "required": False},
            },
            "response": {
                "[body]": {"type": "list", "required": False},
                "[body][].key": {"type": "string", "required": False},
                "at": {"type": "json", "required": False},
            },
        })

    def test_another_layout_fails(self):
        model = huawei_model("ImportRequest", {"lang": "str"})
        path = "huaweicloudsdkims/v2/model/import_request.py"
        with self.assertRaises(KeyError):
            huawei.read(self.package({path: model}), ["Import"])
        with self.assertRaises(KeyError):
            huawei.read(self.package({path: model.replace("attribute_map", "names")}), ["Import"])

    def test_a_definition(self):
        data = {
            "paths": {"/v2/cloudimages/action": {"post": {
                "parameters": [
                    {"name": "X-Auth-Token", "in": "header", "type": "string"},
                    {"name": "limit", "in": "query", "type": "integer", "minimum": 1, "maximum": 9, "required": True},
                    {"name": "body", "in": "body", "schema": {"$ref": "#/definitions/Body"}},
                ],
                "responses": {"400": {"schema": {"type": "string"}}, "200": {"schema": {"type": "array", "items": {"$ref": "#/definitions/Tag"}}}},
            }}},
            "definitions": {
                "Body": {"type": "object", "required": ["kind"], "properties": {
                    "kind": {"type": "string", "enum": ["a", "b"], "minLength": 1, "maxLength": 5, "description": "which"},
                    "tag": {"$ref": "#/definitions/Tag"}, "inline": {"type": "array", "items": {"properties": {"x": {"type": "number"}}}},
                }},
                "Tag": {"type": "object", "properties": {"key": {"type": "boolean"}, "tags": {"type": "array", "items": {"$ref": "#/definitions/Tag"}}}},
            },
        }
        package = self.package({"src/Import.json": json.dumps(data)})
        self.assertEqual(huawei.read_definitions(package, ["Import", "Absent"]), {"Import": {
            "http": "POST /v2/cloudimages/action",
            "request": {
                "limit": {"type": "int", "required": True, "limits": {"min": 1, "max": 9}},
                "kind": {"type": "string", "required": True, "enum": ["a", "b"], "limits": {"min_len": 1, "max_len": 5}, "doc": doc("which")},
                "tag": {"type": "object", "required": False},
                "tag.key": {"type": "bool", "required": False},
                "tag.tags": {"type": "list", "required": False},
                "inline": {"type": "list", "required": False},
                "inline[].x": {"type": "float", "required": False},
            },
            "response": {
                "[body]": {"type": "list", "required": True},
                "[body][].key": {"type": "bool", "required": False},
                "[body][].tags": {"type": "list", "required": False},
            },
        }})


ALIYUN_REQUEST = RUN + '''
class ImportImageRequest(DaraModel):
    def __init__(self, name: str = None, boot: str = None, disks: List[main_models.Disk] = None, size: int = None, extra: Dict[str, Any] = None, gone: str = None):
        # The name of
        # the image.
        #
        # This parameter is required.
        self.name = name
        # How it starts. Valid values:
        #
        # - BIOS: as before.
        # - UEFI
        #
        # Default: BIOS
        self.boot = boot
        self.disks = disks
        self.size = size
        self.extra = extra

    def to_map(self):
        result = dict()
        if self.name is not None:
            result['ImageName'] = self.name
        if self.boot is not None:
            result['BootMode'] = self.boot
        result['Disk'] = []
        if self.disks is not None:
            for k1 in self.disks:
                result['Disk'].append(k1.to_map() if k1 else None)
        if self.size is not None:
            result['Size'] = self.size
        if self.extra is not None:
            result['Extra'] = self.extra
        return result
'''


def aliyun_model(name, field, kind, wire, many=False):
    step = (f"        for k1 in self.{field}:\n            result['{wire}'].append(k1)\n" if many
            else f"        result['{wire}'] = self.{field}.to_map()\n")
    return (f"class {name}(DaraModel):\n    def __init__(self, {field}: {kind} = None):\n        self.{field} = {field}\n\n"
            f"    def to_map(self):\n        result = dict()\n{step}        return result\n")


class Aliyun(WithPackages):
    def files(self, request=ALIYUN_REQUEST):
        own = "alibabacloud_ecs20140526/models"
        return {
            f"{own}/__init__.py": RUN,
            f"{own}/_import_image_request.py": request,
            f"{own}/_disk.py": aliyun_model("Disk", "key", "str", "Key"),
            f"{own}/_body.py": aliyun_model("ImportImageResponseBody", "images", "main_models.Images", "Images")
            + aliyun_model("Images", "image", "List[main_models.Disk]", "Image", many=True),
        }

    def test_a_product(self):
        found = aliyun.read(self.package(self.files()), ["ImportImage", "Absent"])
        self.assertEqual(list(found), ["ImportImage"])
        boot = "How it starts. Valid values: - BIOS: as before. - UEFI Default: BIOS"
        self.assertEqual(found["ImportImage"], {
            "http": "POST /",
            "request": {
                "ImageName": {"type": "string", "required": True, "doc": doc("The name of the image. This parameter is required.")},
                "BootMode": {"type": "string", "required": False, "enum": ["BIOS", "UEFI"], "doc": doc(boot)},
                "Disk": {"type": "list", "required": False},
                "Disk[].Key": {"type": "string", "required": False},
                "Size": {"type": "int", "required": False},
                "Extra": {"type": "json", "required": False},
            },
            # A list in an object of its own is that list.
            "response": {"Images": {"type": "list", "required": False}, "Images[].Key": {"type": "string", "required": False}},
        })

    def test_a_product_that_marks_nothing_says_nothing_of_it(self):
        request = ALIYUN_REQUEST.replace("        # This parameter is required.\n", "")
        found = aliyun.read(self.package(self.files(request)), ["ImportImage"])
        self.assertTrue(all("required" not in facts for facts in found["ImportImage"]["request"].values()))

    def test_another_layout_fails(self):
        with self.assertRaises(KeyError):
            aliyun.read(self.package(self.files(ALIYUN_REQUEST.replace("to_map", "as_map"))), ["ImportImage"])


JD_REQUEST = RUN + '''
class ImportImageRequest(JDCloudRequest):
    def __init__(self, parameters, header=None, version="v1"):
        super(ImportImageRequest, self).__init__(
            '/regions/{regionId}/images:import', 'POST', header, version)
        self.parameters = parameters


class ImportImageParameters(object):
    def __init__(self, regionId, name, ):
        """
        :param regionId: 地域ID
        :param name: 名称
        """
        self.regionId = regionId
        self.name = name
        self.kind = None

    def setKind(self, kind):
        """
        :param kind: (Optional) 类型
取值范围：`qcow2、vhd`
        """
        self.kind = kind
'''
JD_GO = '''package apis

type ImportImageRequest struct {
    core.JDCloudRequest

    /* 地域ID  */
    RegionId string `json:"regionId"`

    /* 支持范围：
`a`：one
`b`：two (Optional) */
    Kind *string `json:"kind"`

    /* (Optional) */
    Tags []disk.Tag `json:"tags"`
}

func NewImportImageRequest() *ImportImageRequest {
    return &ImportImageRequest{
        JDCloudRequest: core.JDCloudRequest{
            URL:     "/regions/{regionId}/images:import",
            Method:  "POST",
            Version: "v1",
        },
    }
}

type ImportImageResult struct {
    Image vm.Image `json:"image"`
    Any interface{} `json:"any"`
}
'''


class Jdcloud(WithPackages):
    def test_the_python_sdk(self):
        path = "jdcloud_sdk/services/vm/apis/ImportImageRequest.py"
        found = jdcloud.read(self.package({path: JD_REQUEST}), ["importImage", "absent"])
        kind = "(Optional) 类型 取值范围：`qcow2、vhd`"
        self.assertEqual(found, {"importImage": {
            "http": "POST /v1/regions/{regionId}/images:import",
            "request": {
                "regionId": {"type": "json", "required": True, "doc": doc("地域ID")},
                "name": {"type": "json", "required": True, "doc": doc("名称")},
                "kind": {"type": "json", "required": False, "enum": ["qcow2", "vhd"], "doc": doc(kind)},
            },
            "response": {},
        }})
        with self.assertRaises(AttributeError):
            jdcloud.read(self.package({path: JD_REQUEST.replace("header, version", "headers")}), ["importImage"])

    def test_another_service_is_read_too(self):
        python = {"jdcloud_sdk/services/resourcetag/apis/ImportImageRequest.py": JD_REQUEST}
        self.assertEqual(list(jdcloud.read(self.package(python), ["importImage"])), ["importImage"])
        go = {"services/resourcetag/apis/ImportImage.go": JD_GO.replace("disk.Tag", "string").replace("vm.Image", "string")}
        self.assertEqual(list(jdcloud.read_go(self.package(go), ["importImage"])), ["importImage"])

    def test_the_go_sdk(self):
        files = {
            "services/vm/apis/ImportImage.go": JD_GO,
            "services/disk/models/Tag.go": 'type Tag struct {\n    Key string `json:"key"`\n}\n',
            "services/vm/models/Image.go": 'type Image struct {\n    /* size */\n    SizeGB int64 `json:"sizeGB"`\n    Next []Image `json:"next"`\n}\n',
        }
        found = jdcloud.read_go(self.package(files), ["importImage", "absent"])
        self.assertEqual(list(found), ["importImage"])
        self.assertEqual(found["importImage"], {
            "http": "POST /v1/regions/{regionId}/images:import",
            "request": {
                "regionId": {"type": "string", "required": True, "doc": doc("地域ID")},
                "kind": {"type": "string", "required": False, "enum": ["a", "b"], "doc": doc("支持范围： `a`：one `b`：two (Optional)")},
                "tags": {"type": "list", "required": False, "doc": doc("(Optional)")},
                "tags[].key": {"type": "string", "required": True},
            },
            "response": {
                "image": {"type": "object"},
                "image.sizeGB": {"type": "int", "doc": doc("size")},
                "image.next": {"type": "list"},
                "any": {"type": "json"},
            },
        })
        del files["services/disk/models/Tag.go"]
        with self.assertRaises(KeyError):
            jdcloud.read_go(self.package(files), ["importImage"])


class Values(unittest.TestCase):
    """The words that stand before the values of a closed list, in each vendor's prose."""

    def test_every_word_counts_and_others_do_not(self):
        for word in "取值范围", "可选值", "取值", "枚举值":
            self.assertEqual(tencent.values(f"名称。{word}：`A` `b c`"), ["A", "b c"], word)
            self.assertEqual(tencent.values(f"{word}\n* A: one\n- <li>B（two）\n"), ["A", "B"], word)
        for word in "枚举值", "可选", "取值":
            self.assertEqual(ucloud.values(f"名称。{word}为 A、B-2\nC"), ["A", "B"], word)
        for word in "取值范围", "支持范围", "可选范围":
            self.assertEqual(jdcloud.values(f"{word}：`a、b c`"), ["a", "b c"], word)
            self.assertEqual(jdcloud.values(f"{word}:\n`a`：one\n`b`:two\nend"), ["a", "b"], word)
        self.assertEqual(aliyun.values("Valid values of it:\n\n- `a`: one\n* b-1.\n- c (two).\nDefault: a\n- d"), ["a", "b-1", "c"])
        for values in aliyun.values, jdcloud.values, tencent.values, ucloud.values:
            self.assertFalse(values("The name: `a`、`b`\n- c"))


class Command(WithPackages):
    def run_reader(self, *words):
        command = [sys.executable, "-B", str(pathlib.Path(vendor.__file__)), *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, cwd=self.folder)

    def test_the_answer_and_the_failure(self):
        path = self.wheel({tencent.PATH: '{"actions": {"A": {"input": "I", "output": "I"}}, "objects": {"I": {"members": []}}}', tencent.TAGS: '{"actions": {}, "objects": {}}', "tccli/__init__.py": RUN})
        answer = json.loads(self.run_reader("tencent", path, "A", "B").stdout)
        self.assertEqual((answer["version"], answer["operations"]), ("1.2.3", {"A": {"http": "POST /", "request": {}, "response": {}}}))
        self.assertEqual(answer["sha256"], hashlib.sha256(path.read_bytes()).hexdigest())
        self.assertRegex(answer["read"], r"^\d{4}-\d\d-\d\d$")
        failed = self.run_reader("ucloud", path, "A")
        self.assertNotEqual(failed.returncode, 0)
        self.assertEqual(failed.stdout, "")


if __name__ == "__main__":
    unittest.main()
