#!/usr/bin/env python3
"""A composite node: three enterprises of three industries are admitted, publish templates, register
over every face, and each asker sees what it may, on every face; the figures and the audit log tell
it all."""

import csv
import datetime
import json
import os
import time
import unittest

from harness import END_SECONDS, SAMPLE, NodeTest

# Unified social credit codes with both check characters right; no such enterprises.
FOOTWEAR, FOOD, CERAMICS = "91440101MA5D70N10A", "91510100MA6DF00287", "91360200MA35T003XK"
SHOES, CANS, CUPS = "88.108.1001", "88.108.1002", "88.108.1003"  # their prefixes
PASSWORD = "correct horse battery"
PRIVATE, GRANTED = {"x-idnode-visibility": "private"}, {"x-idnode-visibility": "granted"}
CATALOGUE_ROWS = 200

SHOE = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "鞋", "type": "object", "x-idnode-industry": "C1952", "additionalProperties": False,
    "required": ["model"],
    "properties": {
        "model": {"type": "string", "maxLength": 20, "x-idnode-index": 2000},
        "size": {"type": "integer", "minimum": 10, "maximum": 60, "x-idnode-index": 2001},
        "serial": {"type": "string", "x-idnode-unique": True, "x-idnode-index": 2002, **GRANTED},
        "price": {"type": "number", "minimum": 0, "x-idnode-unit": "CNY", "x-idnode-index": 2003,
                  **GRANTED},
        "cost": {"type": "number", "x-idnode-index": 2004, **PRIVATE},
    },
}
# As the SNMS API writes templates.
CAN = {
    "prefix": CANS, "version": "food", "industryCategory": "C", "industrySpecific": "14",
    "type": 2, "description": "食品",
    "items": [
        {"name": "BRAND_OWNER", "idType": "BRAND_OWNER", "idIndex": 2000, "required": True,
         "state": 1, "metadata": {"type": "string", "minLength": 1, "maxLength": 200}},
        {"name": "CATEGORY", "idType": "CATEGORY", "idIndex": 2001, "required": False, "state": 1,
         "metadata": {"type": "string", "minLength": 0, "maxLength": 200}},
    ],
}
CUP = {"title": "瓷杯", "type": "object", "properties": {"glaze": {"type": "string"}}}

# What each may see of a shoe, by the item's name.
OWNER = {"model", "size", "serial", "price", "cost"}
STRANGER = {"model", "size"}


class AdmissionTest(NodeTest):
    # ---- the steps -----------------------------------------------------------------------

    def start_strict(self):
        """A node as in production: nothing is admitted on first use, templates must be there."""
        self.node = self.start({"IDNODE_NODE_ADMIT_ON_FIRST_USE": "false",
                                "IDNODE_TEMPLATES_REQUIRE_KNOWN": "true"})
        self.operator = self.http(self.node, self.node.token())
        self.public = self.http(self.node)
        self.tokens = {}

    def run_cli(self, *arguments, **options):
        return self.idnode(self.node, *arguments, **options)

    def create_application(self, name, *options):
        path = os.path.join(self.directory, name + ".token")
        self.run_cli("app", "create", name, *options, "--output", path)
        with open(path, encoding="ascii") as file:
            self.tokens[name] = file.read().strip()
        return path

    def as_who(self, name):
        """HTTP as an application, or as nobody."""
        return self.http(self.node, self.tokens[name] if name else None)

    def expect(self, answer, status=200):
        self.assertEqual(answer[0], status, answer[2])
        return answer[2]

    def admit_enterprises(self):
        rows = self.file("enterprises.csv", "credit_code,name,industry,region,contact_name\n"
                         f"{FOOTWEAR},广州步履鞋业有限公司,C1952,440100,李明\n"
                         f"{FOOD},成都味源食品有限公司,C1432,510100,\n"
                         f"{CERAMICS},景德镇青白瓷业有限公司,C3074,360200,\n")
        report = json.loads(self.run_cli("enterprise", "add", "--file", rows, "--json").stdout)
        self.assertEqual((report["rows"], report["done"]), (3, 3))
        again = json.loads(self.run_cli("enterprise", "add", "--file", rows, "--json").stdout)
        self.assertEqual((again["done"], again["unchanged"]), (0, 3))
        wrong = self.run_cli("enterprise", "add", FOOTWEAR[:-1] + "B", "--name", "x", "--json",
                             code=1)
        self.assertEqual(json.loads(wrong.stdout)["error"]["field"], "creditCode")
        # The same is there over HTTP, and to be found by industry.
        shown = self.expect(self.operator("GET", f"/v1/enterprises/{FOOTWEAR}"))
        self.assertEqual(shown["enterprise"]["industry"], "C1952")
        listed = self.expect(self.operator("GET", "/v1/enterprises?industry=C14"))
        self.assertEqual([e["creditCode"] for e in listed["enterprises"]], [FOOD])

    def refused_registration(self, prefix, slug):
        """Registering under the prefix is refused with this reason; returns what is said."""
        done = self.run_cli("register", prefix + "/EARLY", "--json", code=1)
        result = json.loads(done.stdout)["results"][0]
        self.assertEqual((result["outcome"], result["reason"]), ("REJECTED", slug))
        return result["detail"]

    def audit_prefixes(self):
        """Prefixes go through their states; only an active one registers."""
        self.run_cli("prefix", "apply", SHOES, "--enterprise", FOOTWEAR)
        self.expect(self.operator("POST", "/v1/prefixes:apply",
                                  {"prefix": CANS, "enterprise": FOOD}))
        self.run_cli("prefix", "apply", CUPS, "--enterprise", CERAMICS)
        self.assertIn("AWAITING_AUDIT", self.refused_registration(SHOES, "prefix-not-active"))
        waiting = self.idnode_json(self.node, "prefix", "list", "--state", "awaiting-audit")
        self.assertEqual({p["prefix"] for p in waiting["prefixes"]}, {SHOES, CANS, CUPS})
        for prefix in (SHOES, CANS, CUPS):
            self.run_cli("prefix", "state", prefix, "--set", "in-audit")
        # A rejection needs a reason; what is rejected may be taken up again.
        self.run_cli("prefix", "state", CANS, "--set", "rejected", code=1)
        self.expect(self.operator("POST", f"/v1/prefixes/{CANS}:setState",
                                  {"state": "PREFIX_REJECTED", "reason": "licence unreadable"}))
        self.assertIn("REJECTED", self.refused_registration(CANS, "prefix-not-active"))
        self.run_cli("prefix", "state", CANS, "--set", "active", code=1)  # no way from there
        for state in ("awaiting-audit", "in-audit"):
            self.run_cli("prefix", "state", CANS, "--set", state)
        for prefix in (SHOES, CANS, CUPS):
            self.run_cli("prefix", "state", prefix, "--set", "active", "--reason", "papers complete")
        history = self.expect(self.operator("GET", f"/v1/prefixes/{CANS}"))["prefix"]["history"]
        self.assertEqual([h["state"] for h in history],
                         ["AWAITING_AUDIT", "IN_AUDIT", "PREFIX_REJECTED", "AWAITING_AUDIT",
                          "IN_AUDIT", "PREFIX_ACTIVE"])
        self.assertEqual(history[2]["reason"], "licence unreadable")
        self.assertEqual({h["by"] for h in history}, {"operator"})

    def host_ceramics_elsewhere(self):
        self.run_cli("prefix", "route", CUPS, "--address", "192.0.2.7", "--tcp-port", "2641",
                     "--http-port", "8080")
        self.refused_registration(CUPS, "self-hosted")
        missing = self.run_cli("resolve", CUPS + "/CUP-1", "--json", code=1, token_file=None)
        error = json.loads(missing.stdout)["error"]
        self.assertEqual(error["slug"], "self-hosted")
        self.assertIn("192.0.2.7", error["detail"])
        problem = self.expect(self.public("GET", f"/v1/identifiers/{CUPS}/CUP-1"), 421)
        self.assertEqual(problem["route"],
                         {"address": "192.0.2.7", "tcpPort": 2641, "httpPort": 8080})
        status, headers, _ = self.public("GET", f"/{CUPS}/CUP-1", headers={"Accept": "text/html"})
        self.assertEqual((status, headers["Location"]),
                         (307, f"http://192.0.2.7:8080/{CUPS}/CUP-1"))

    def create_identities(self):
        self.shoe_token = self.create_application("shoe-erp", "--prefix", SHOES, "--enterprise",
                                                  FOOTWEAR)
        self.create_application("food-mes", "--prefix", CANS, "--enterprise", FOOD)
        self.auditor_token = self.create_application("regulator", "--role", "auditor")
        self.run_cli("app", "create", "king", "--prefix", SHOES, "--role", "application",
                     "--enterprise", "91440101MA5D70N10B", code=1)
        # A person administers an enterprise; the password is typed nowhere.
        secret = self.file("password.txt", PASSWORD + "\n")
        self.run_cli("user", "add", "li.ming", "--role", "enterprise-administrator", "--enterprise",
                     FOOTWEAR, "--password-file", secret)
        self.session = os.path.join(self.directory, "session.token")
        self.run_cli("login", "li.ming", "--password-file", secret, "--output", self.session,
                     token_file=None)
        self.assertEqual(os.stat(self.session).st_mode & 0o777, 0o600)
        wrong = self.file("wrong.txt", "incorrect horse\n")
        self.run_cli("login", "li.ming", "--password-file", wrong, token_file=None, code=4)

    def publish_templates(self):
        """Each enterprise its own: as JSON Schema over gRPC, in the SNMS form, over /v1."""
        shoe = self.file("shoe.json", json.dumps(SHOE))
        self.run_cli("template", "check", shoe, token_file=None)
        self.run_cli("template", "put", shoe, "--owner", SHOES, "--name", "shoe", "--publish",
                     token_file=self.session)
        self.run_cli("template", "put", self.file("can.json", json.dumps(CAN)), "--form", "snms",
                     "--owner", CANS, "--name", "food", "--publish")
        self.expect(self.operator("POST", "/v1/templates",
                                  {"owner": CUPS, "name": "cup", "schema": CUP}))
        self.expect(self.operator("POST", f"/v1/templates/{CUPS}/cup/1:publish", {}))
        # What one may not do: another's template, a published one, a next version without an item.
        self.run_cli("template", "put", shoe, "--owner", CANS, "--name", "shoe", code=4,
                     token_file=self.session)
        less = dict(SHOE, properties={"model": {"type": "string"}})
        self.run_cli("template", "put", self.file("less.json", json.dumps(less)), "--owner", SHOES,
                     "--name", "shoe", code=1)
        as_snms = json.loads(self.run_cli("template", "show", "food", "--owner", CANS, "--form",
                                          "snms", token_file=None).stdout)
        self.assertEqual([(i["name"], int(i["idIndex"])) for i in as_snms["items"]],
                         [("BRAND_OWNER", 2000), ("CATEGORY", 2001)])

    def shoe(self, name, **more):
        return {"identifier": f"{SHOES}/{name}", "template": "shoe@1", "attributes":
                {"model": "Runner", "size": 42, "serial": name, "price": 399.5, "cost": 120, **more}}

    def register_shoes(self):
        """The same kind of identifier through gRPC, /v1 and the SNMS face."""
        by_grpc = self.file("grpc.jsonl", json.dumps(self.shoe("G1")) + "\n")
        done = self.idnode_json(self.node, "register", "--file", by_grpc,
                                token_file=self.shoe_token)
        self.assertEqual(done["results"][0]["outcome"], "REGISTERED")
        owner = self.as_who("shoe-erp")
        answer = self.expect(owner("POST", "/v1/identifiers:batchRegister", {"items": [
            self.shoe("H1"), self.shoe("H2", size=61), self.shoe("H3", colour="red"),
            self.shoe("H4", serial="G1"), {"identifier": f"{CANS}/H5"}]}))
        self.assertEqual([r["outcome"] for r in answer["results"]],
                         ["REGISTERED", "REJECTED", "REJECTED", "REJECTED", "REJECTED"])
        size, colour, serial, other = answer["results"][1:]
        self.assertEqual((size["reason"], size["field"]), ("invalid-value", "attributes.size"))
        self.assertIn("maximum", size["detail"])
        self.assertEqual(colour["field"], "attributes.colour")
        self.assertEqual((serial["reason"], other["reason"]),
                         ("unique-violation", "permission-denied"))
        # The SNMS face, with a person's token as its clients get it.
        login = self.expect(self.public("POST", "/identity/token",
                                        {"username": "li.ming", "password": PASSWORD}))
        self.assertEqual((login["status"], login["message"]), (1, "success"))
        self.snms = self.http(self.node, login["data"]["token"])
        for _ in range(2):  # a repeat after a timeout is safe
            created = self.expect(self.snms("POST", "/identityv2/data", {
                "handle": f"{SHOES}/S1", "templateVersion": "shoe", "value": [
                    self.snms_value(2000, "model", "Runner"), self.snms_value(2001, "size", "42"),
                    self.snms_value(2002, "serial", "S1"), self.snms_value(2003, "price", "399.5"),
                    self.snms_value(2004, "cost", "120")]}))
            self.assertEqual(created["status"], 1, created)
        refused = self.expect(self.snms("POST", "/identityv2/data", {
            "handle": f"{CANS}/S1", "templateVersion": "food",
            "value": [self.snms_value(2000, "BRAND_OWNER", "x")]}))
        self.assertEqual(refused["status"], -3, refused)

    @staticmethod
    def snms_value(index, kind, text):
        return {"index": index, "type": kind, "auth": "",
                "data": {"format": "string", "value": text}}

    def register_food(self):
        """Real rows of the sample catalogue, over all three faces."""
        first = {}
        with open(SAMPLE, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["brand_owner"] and row["branded_food_category"]:
                    first.setdefault(row["gtin_upc"], row)
        rows = list(first.values())[:CATALOGUE_ROWS]
        self.assertEqual(len(rows), CATALOGUE_ROWS)
        head, middle, tail = rows[:-20], rows[-20:-10], rows[-10:]
        with open(os.path.join(self.directory, "food.csv"), "w", encoding="utf-8",
                  newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(head)
        food_token = os.path.join(self.directory, "food-mes.token")
        report = json.loads(self.run_cli(
            "import", file.name, "--prefix", CANS, "--suffix-column", "gtin_upc", "--template",
            "food@1", "--attribute", "brand_owner=BRAND_OWNER", "--attribute",
            "branded_food_category=CATEGORY", "--json", token_file=food_token).stdout)
        self.assertEqual(report["registered"], len(head))
        answer = self.expect(self.as_who("food-mes")("POST", "/v1/identifiers:batchRegister", {
            "items": [{"identifier": f"{CANS}/{r['gtin_upc']}", "template": "food@1", "attributes": {
                "BRAND_OWNER": r["brand_owner"], "CATEGORY": r["branded_food_category"]}}
                      for r in middle]}))
        self.assertEqual({r["outcome"] for r in answer["results"]}, {"REGISTERED"})
        batch = self.expect(self.as_who("food-mes")("POST", "/identityv2/data/batchCreate", [
            {"handle": f"{CANS}/{r['gtin_upc']}", "templateVersion": "food", "value": [
                self.snms_value(2000, "BRAND_OWNER", r["brand_owner"]),
                self.snms_value(2001, "CATEGORY", r["branded_food_category"])]} for r in tail]))
        self.assertEqual((batch["status"], {i["code"] for i in batch["data"]}), (1, {1}), batch)

    # ---- who sees what -------------------------------------------------------------------

    def seen_over_grpc(self, name, token_file):
        record = self.idnode_json(self.node, "resolve", f"{SHOES}/{name}", token_file=token_file)
        return set(record.get("attributes", {})) | {v["type"] for v in record.get("values", [])}

    def seen_over_http(self, name, http, path):
        record = self.expect(http("GET", path.format(f"{SHOES}/{name}"),
                                  headers={"Accept": "application/json"}))
        return set(record.get("attributes", {})) | {v["type"] for v in record.get("values", [])}

    def seen_over_snms(self, name, http):
        detail = self.expect(http("GET", f"/identityv2/data/detail?handle={SHOES}/{name}"))
        self.assertEqual(detail["status"], 1, detail)
        return {v["type"] for v in detail["data"]["value"]} - {"TEMPLATE"}

    def seen_over_resolve(self, name, http):
        answer = self.expect(http("GET", f"/resolve/{SHOES}/{name}"))
        self.assertEqual(answer["responseCode"], 1, answer)
        return {v["type"] for v in answer["value"]} - {"TEMPLATE"}

    def check_view(self, who, name, items):
        """What `who` (an application, or None) sees of a shoe is `items`, on every face."""
        token_file = os.path.join(self.directory, who + ".token") if who else None
        http = self.as_who(who)
        seen = {
            "gRPC": self.seen_over_grpc(name, token_file),
            "/v1": self.seen_over_http(name, http, "/v1/identifiers/{}"),
            "public HTTP": self.seen_over_http(name, http, "/{}"),
            "/resolve": self.seen_over_resolve(name, http),
        }
        if who:  # the SNMS face asks for a login
            seen["SNMS detail"] = self.seen_over_snms(name, http)
        http.close()
        self.assertEqual(seen, {face: items for face in seen}, f"{who} of {name}")

    def check_views(self):
        for name in ("G1", "H1", "S1"):  # whichever face registered it
            self.check_view("shoe-erp", name, OWNER)
            self.check_view("regulator", name, OWNER)
            self.check_view("food-mes", name, STRANGER)
            self.check_view(None, name, STRANGER)

        # A grant of an item of the template, to an enterprise; one of an identifier, that ends.
        ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)
        grant = self.run_cli("grant", "add", "--prefix", SHOES, "--template", "shoe", "--item",
                             "price", "--to-enterprise", FOOD, token_file=self.session).stdout
        single = self.expect(self.as_who("shoe-erp")("POST", "/v1/grants", {"grant": {
            "prefix": SHOES, "identifier": f"{SHOES}/G1", "items": ["serial"],
            "toApplication": "food-mes", "endsAt": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}}))
        self.run_cli("grant", "add", "--prefix", CANS, "--template", "food", "--to-enterprise", FOOD,
                     token_file=self.session, code=4)  # another's
        self.check_view("food-mes", "G1", STRANGER | {"price", "serial"})
        self.check_view("food-mes", "S1", STRANGER | {"price"})
        self.check_view(None, "G1", STRANGER)
        self.check_view("shoe-erp", "G1", OWNER)

        who = self.idnode_json(self.node, "grant", "who", f"{SHOES}/G1", token_file=self.shoe_token)
        by_item = {i["item"]: i for i in who["items"]}
        self.assertEqual(by_item["attributes.price"]["enterprises"], [FOOD])
        self.assertEqual(by_item["attributes.serial"]["applications"], ["food-mes"])
        self.assertEqual(by_item["attributes.cost"]["visibility"], "PRIVATE")
        over_http = self.expect(self.as_who("shoe-erp")("POST", "/v1/access:whoCanSee",
                                                        {"identifier": f"{SHOES}/G1"}))
        self.assertEqual(over_http, who)
        previews = (("--as-enterprise", FOOD, STRANGER | {"price"}),
                    ("--as-app", "food-mes", STRANGER | {"price", "serial"}), (None, None, STRANGER))
        for option, name, items in previews:
            record = self.idnode_json(self.node, "grant", "preview", f"{SHOES}/G1",
                                      *([option, name] if option else []),
                                      token_file=self.shoe_token)
            self.assertEqual(set(record["attributes"]), items, option)
        self.run_cli("grant", "who", f"{SHOES}/G1", code=4,
                     token_file=os.path.join(self.directory, "food-mes.token"))

        # Taken back, it is as it was, at once.
        self.run_cli("grant", "revoke", grant.strip(), "--prefix", SHOES, token_file=self.session)
        self.expect(self.as_who("shoe-erp")("DELETE", f"/v1/grants/{SHOES}/{single['grant']['id']}"))
        self.check_view("food-mes", "G1", STRANGER)

    def check_grant_ends(self):
        """A grant ends by itself when its time has come."""
        at = int(time.time()) + 3
        ends = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
        self.run_cli("grant", "add", "--identifier", f"{SHOES}/H1", "--to-application", "food-mes",
                     "--ends", ends.strftime("%Y-%m-%dT%H:%M:%SZ"), token_file=self.session)
        partner = self.as_who("food-mes")
        deadline = time.monotonic() + END_SECONDS
        seen = STRANGER | {"serial", "price"}
        while seen != STRANGER:
            self.assertLess(time.monotonic(), deadline)
            now = time.time()
            seen = self.seen_over_http("H1", partner, "/v1/identifiers/{}")
            if seen != STRANGER:
                self.assertEqual(seen, STRANGER | {"serial", "price"})
                self.assertLess(now, at + 1)  # at most a moment after its end

    # ---- figures -------------------------------------------------------------------------

    def groups(self, dimension):
        volume = self.idnode_json(self.node, "volume", "--group-by", dimension)
        return {g["key"]: int(g["firstEver"]) for g in volume["groups"] if g["firstEver"] != "0"}

    def check_figures(self):
        self.assertEqual(self.groups("industry"), {"C1952": 3, "C1432": CATALOGUE_ROWS})
        self.assertEqual(self.groups("region"), {"440100": 3, "510100": CATALOGUE_ROWS})
        self.assertEqual(self.groups("template"), {"shoe@1": 3, "food@1": CATALOGUE_ROWS})
        by_http = self.expect(self.public("GET", "/v1/volume?groupBy=industry"))
        self.assertEqual({g["key"]: g["firstEver"] for g in by_http["groups"]},
                         {"C1952": "3", "C1432": str(CATALOGUE_ROWS)})
        self.assert_recount_equal(self.node)

        # The enterprise changes its trade and moves: what is counted stays where it is.
        self.run_cli("enterprise", "set", FOOTWEAR, "--industry", "C1953", "--region", "440300")
        answer = self.expect(self.as_who("shoe-erp")("POST", "/v1/identifiers:batchRegister",
                                                     {"items": [self.shoe("N1"), self.shoe("N2")]}))
        self.assertEqual({r["outcome"] for r in answer["results"]}, {"REGISTERED"})
        self.run_cli("delete", f"{SHOES}/N2", token_file=self.shoe_token)
        self.assertEqual(self.groups("industry"),
                         {"C1952": 3, "C1953": 2, "C1432": CATALOGUE_ROWS})
        self.assertEqual(self.groups("region"),
                         {"440100": 3, "440300": 2, "510100": CATALOGUE_ROWS})
        self.assertEqual(self.volume(self.node)["firstEver"], CATALOGUE_ROWS + 5)
        self.assertEqual(self.volume(self.node)["deletions"], 1)
        self.assert_recount_equal(self.node)
        prefix = self.idnode_json(self.node, "prefix", "show", SHOES)["prefix"]
        self.assertEqual(prefix["identifiers"], "4")

    # ---- tokens and the audit log ----------------------------------------------------------

    def check_tokens(self):
        """Rotation overlaps; what is revoked is refused by the next call on every face."""
        new_token = os.path.join(self.directory, "shoe-erp.new.token")
        self.run_cli("token", "rotate", "shoe-erp", "--overlap", "1h", "--output", new_token)
        for token in (self.shoe_token, new_token):
            self.run_cli("register", "--file",
                         self.file("again.jsonl", json.dumps(self.shoe("G1")) + "\n"),
                         token_file=token)
        self.run_cli("token", "revoke", "shoe-erp", "t1")
        self.run_cli("register", f"{SHOES}/LATE", token_file=self.shoe_token, code=4)
        refused = self.as_who("shoe-erp")("POST", "/v1/identifiers:batchRegister",
                                          {"items": [self.shoe("LATE")]})
        self.assertEqual(refused[0], 401)
        late = self.as_who("shoe-erp")("GET", f"/identityv2/data/detail?handle={SHOES}/G1")
        self.assertEqual(self.expect(late)["status"], -1)
        tokens = self.idnode_json(self.node, "token", "list", "shoe-erp")["tokens"]
        self.assertEqual([(t["id"], t.get("revoked", False)) for t in tokens],
                         [("t1", True), ("t2", False)])
        self.run_cli("user", "disable", "li.ming")
        self.run_cli("prefix", "list", token_file=self.session, code=4)

    def audit_lines(self, *filters):
        done = self.run_cli("audit", "list", "--limit", "10000", "--json", *filters,
                            token_file=self.auditor_token)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check_audit(self):
        entries = self.audit_lines("--oldest-first")
        self.assertEqual([int(e["number"]) for e in entries], list(range(1, len(entries) + 1)))
        done = [(e["action"], e["target"]) for e in entries if not e.get("refused")]
        for code in (FOOTWEAR, FOOD, CERAMICS):
            self.assertIn(("enterprise.create", code), done)
        self.assertIn(("enterprise.update", FOOTWEAR), done)
        self.assertEqual(done.count(("prefix.apply", CANS)), 1)
        self.assertEqual(done.count(("prefix.set-state", CANS)), 5)
        self.assertIn(("prefix.set-route", CUPS), done)
        actions = {action for action, _ in done}
        self.assertLessEqual({"template.put", "template.publish", "application.create",
                              "user.create", "grant.create", "grant.revoke", "token.create",
                              "token.revoke", "user.disable"}, actions)
        self.assertNotIn(PASSWORD, json.dumps(entries))
        for token in self.tokens.values():
            self.assertNotIn(token, json.dumps(entries))
        # Who, from where, what, before and after.
        changed = [e for e in entries if e["action"] == "enterprise.update"][0]
        self.assertEqual((changed["who"], changed["role"]), ("operator", "operator"))
        self.assertIn("127.0.0.1", changed["from"])
        self.assertEqual(json.loads(changed["before"])["industry"], "C1952")
        self.assertEqual(json.loads(changed["after"])["industry"], "C1953")
        # Refusals: another's template, another's grant, a wrong password.
        refused = self.audit_lines("--refused")
        self.assertIn(("user:li.ming", "template.put", "permission-denied"),
                      [(e["who"], e["action"], e["refused"]) for e in refused])
        self.assertIn("grant.create", {e["action"] for e in refused})
        self.assertTrue(any("login" in e["action"] for e in refused), refused)

        report = json.loads(self.run_cli("audit", "verify", "--json",
                                         token_file=self.auditor_token).stdout)
        self.assertTrue(report["verified"])
        path = os.path.join(self.directory, "audit.jsonl")
        exported = json.loads(self.run_cli("audit", "export", path, "--json",
                                           token_file=self.auditor_token).stdout)
        self.assertEqual(exported["entries"], exported["last"])
        self.assertGreaterEqual(exported["last"], len(entries))
        offline = json.loads(self.run_cli("audit", "verify", "--file", path, "--json",
                                          token_file=None).stdout)
        self.assertEqual((offline["verified"], offline["head"]), (True, exported["head"]))
        # Reading it is the auditor's and the operator's.
        self.run_cli("audit", "list", token_file=None, code=4)
        self.run_cli("audit", "list", code=4,
                     token_file=os.path.join(self.directory, "food-mes.token"))

    def test_three_enterprises_of_three_industries(self):
        self.start_strict()
        self.admit_enterprises()
        self.audit_prefixes()
        self.host_ceramics_elsewhere()
        self.create_identities()
        self.publish_templates()
        self.register_shoes()
        self.register_food()
        self.check_views()
        self.check_grant_ends()
        self.check_figures()
        self.check_tokens()
        self.check_audit()
        # All of it is on disk.
        self.assertEqual(self.node.stop(), 0)
        self.node = self.start({"IDNODE_NODE_ADMIT_ON_FIRST_USE": "false"})
        self.check_view("food-mes", "G1", STRANGER)
        self.check_view("regulator", "S1", OWNER)
        self.refused_registration(CUPS, "self-hosted")
        self.assertEqual(self.groups("industry"),
                         {"C1952": 3, "C1953": 2, "C1432": CATALOGUE_ROWS})
        self.assertTrue(json.loads(self.run_cli("audit", "verify", "--json").stdout)["verified"])


if __name__ == "__main__":
    unittest.main()
