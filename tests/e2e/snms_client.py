"""A client that knows only the old system: the de-facto SNMS API of secondary nodes.

It does what clients in use do: logs in with a name and a password, looks at `status` and at the
`code` and `msg` of items, treats HTTP other than 200 as a failed request, and takes "标识已存在"
after a repeat for what it is. Nothing here knows what serves it.
"""

import hashlib
import http.client
import json
import urllib.parse

SUCCESS, NOT_LOGGED_IN, FAILED, NO_PERMISSION, INTERNAL = 1, -1, -2, -3, -4
EXISTS = "标识已存在"
TIMEOUT_SECONDS = 240
TEMPLATE_INDEX = 1001


class RequestFailed(Exception):
    """The answer was not HTTP 200: the outcome is not known."""


class Refused(Exception):
    """The envelope's status is not 1."""

    def __init__(self, status, message):
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


class SnmsClient:
    def __init__(self, host, port):
        self._connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        self._token = None

    def close(self):
        self._connection.close()

    # ---- the wire ------------------------------------------------------------------------

    def _request(self, method, path, body=None, content_type="application/json", params=None):
        if params:
            path += "?" + urllib.parse.urlencode(params)
        headers = {"Content-Type": content_type}
        if self._token:
            headers["Authorization"] = "Bearer " + self._token
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise RequestFailed(f"{method} {path}: HTTP {response.status}")
        return json.loads(text)

    def _call(self, *arguments, **options):
        """The envelope's data."""
        answer = self._request(*arguments, **options)
        if answer["status"] != SUCCESS:
            if answer["data"] is not None:
                raise AssertionError(f"a refusal with data: {answer}")
            raise Refused(answer["status"], answer["message"])
        if answer["message"] != "success":
            raise AssertionError(f"a success that does not say so: {answer}")
        return answer["data"]

    # ---- /identity -----------------------------------------------------------------------

    def login(self, username, password):
        data = self._call("POST", "/identity/token", {"username": username, "password": password})
        self._token = data["token"]

    def login_daily(self, username, password, day):
        """With the hash that is good for one day, yyyy-MM-dd."""
        inner = hashlib.sha256(password.encode()).hexdigest()
        outer = hashlib.sha256((inner + day).encode()).hexdigest()
        data = self._call("POST", "/identity/token/v1", {"username": username, "password": outer})
        self._token = data["token"]

    def logout(self):
        self._token = None

    # ---- /snms/api -----------------------------------------------------------------------

    def upload(self, filename, content):
        form = (f'--form\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n").encode() + content + \
            b"\r\n--form--\r\n"
        return self._call("POST", "/snms/api/file/upload", form,
                          content_type="multipart/form-data; boundary=form")["id"]

    def apply(self, user, password, enterprise):
        hashed = hashlib.sha256(password.encode()).hexdigest()
        return self._call("POST", "/snms/api/v3/ent/apply", {
            "sysUser": {"userName": user, "password": hashed, "email": "a@example.com",
                        "mobile": "13800000000", "remarks": ""},
            "entBasicInfo": enterprise,
            "entRegisterManageInfo": {"entInfoSyses": [], "servSysBuildType": 1,
                                      "servSysOperType": 1}})

    def page(self, what, **params):
        """All rows of /ent/page or /prefix/page, two a page."""
        path = {"ent": "/snms/api/v3/ent/page", "prefix": "/snms/api/prefix/page"}[what]
        rows, number = [], 1
        while True:
            page = self._call("GET", path, params={**params, "startDate": "", "endDate": "",
                                                   "currentPage": number, "pageSize": 2})
            rows += page["content"]
            if page["last"]:
                return rows
            number += 1

    def enterprise(self, number):
        return self._call("GET", "/snms/api/v3/ent/detail", params={"id": number})

    def prefix(self, prefix):
        return self._call("GET", "/snms/api/prefix/query", params={"prefix": prefix})

    def configure(self, prefix, **route):
        return self._call("POST", "/snms/api/ent/config",
                          {"entPrefixConfig": {"entPrefix": prefix, **route}})

    def template(self, prefix, version):
        return self._call("GET", "/snms/api/v5/template",
                          params={"prefix": prefix, "version": version})

    def put_template(self, method, prefix, version, items):
        return self._call(method, "/snms/api/v5/template", {
            "prefix": prefix, "version": version, "industryCategory": "C",
            "industrySpecific": "19", "industryTrade": "195", "industrySubclass": "1952",
            "type": 2, "description": "鞋", "items": items})

    def delete_template(self, prefix, version):
        return self._call("DELETE", "/snms/api/v5/template", {"prefix": prefix, "version": version})

    # ---- /identityv2 ---------------------------------------------------------------------

    @staticmethod
    def item(handle, version, values):
        """`values`: (index, type, text)."""
        return {"handle": handle, "templateVersion": version, "value": [
            {"index": index, "type": kind, "auth": "", "data": {"format": "string", "value": text}}
            for index, kind, text in values]}

    def register(self, item):
        return self._call("POST", "/identityv2/data", item)

    def update(self, item):
        return self._call("PUT", "/identityv2/data", item)

    def delete(self, handle):
        return self._call("DELETE", "/identityv2/data", {"handle": handle})

    def batch(self, method, name, items):
        """(code, msg) by handle, in the order of the answer."""
        data = self._call(method, "/identityv2/data/" + name, items)
        return [(row["handle"], row["code"], row["msg"]) for row in data]

    def detail(self, handle):
        data = self._call("GET", "/identityv2/data/detail", params={"handle": handle})
        if data["code"] != "200":
            raise AssertionError(f"detail answers code {data['code']}")
        return data

    def values(self, handle):
        """Texts by type, without the template's version, as clients write them back."""
        return {value["type"]: value["data"]["value"] for value in self.detail(handle)["value"]
                if value["index"] != TEMPLATE_INDEX}

    def resolve(self, handle):
        return self._request("GET", "/resolve/" + urllib.parse.quote(handle))
