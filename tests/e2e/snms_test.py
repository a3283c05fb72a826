#!/usr/bin/env python3
"""A day's work of clients that only know the old system, on a node they cannot tell from it."""

import datetime
import unittest

from harness import NodeTest
from snms_client import (EXISTS, FAILED, NO_PERMISSION, NOT_LOGGED_IN, SUCCESS, Refused,
                         RequestFailed, SnmsClient)

ADMIN, PASSWORD = "admin", "operator's long password"
SHOES, FOOD = "88.108.3001", "88.108.3002"
# Unified social credit codes with both check characters right; no such enterprises.
SHOES_CODE, FOOD_CODE = "91440101MA5D70N10A", "91510100MA6DF00287"
BATCH = 2000
PNG = b"\x89PNG\r\n\x1a\n a licence"

NAME = {"name": "名称", "idType": "name", "idIndex": "2000", "required": True,
        "metadata": {"type": "string", "minLength": 1, "maxLength": 40}}
COLOUR = {"name": "颜色", "idType": "colour", "required": False,
          "metadata": {"type": "String", "minLength": 0, "maxLength": 20}}
SIZE = {"name": "尺码", "idType": "size", "required": False, "state": 1,
        "metadata": {"type": "string", "minLength": 1, "maxLength": 4}}


def enterprise(code, name, prefix, licence):
    return {"orgName": name, "orgNature": 1, "orgAddr": "科技路1号", "orgAddrProvince": "440000",
            "orgAddrCity": "440100", "orgCrtType": 1, "orgCrtCode": code, "orgCrtImgRid": licence,
            "industryCategory": "C", "industrySpecific": "19", "contactName": "张三",
            "contactCrtType": 1, "contactCrtNo": "x", "contactEmail": "zhang@example.com",
            "contactPhone": "13900000000", "legalName": "李四", "legalCrtType": 1,
            "legalCrtNo": "x", "entPrefix": prefix}


def shoe(number, colour="red"):
    return SnmsClient.item(f"{SHOES}/SN{number}", "1.0",
                           [(2000, "name", f"shoe {number}"), (2001, "colour", colour)])


class SnmsDayTest(NodeTest):
    def setUp(self):
        super().setUp()
        self.node = self.start({"IDNODE_NODE_ADMIT_ON_FIRST_USE": "false",
                                "IDNODE_TEMPLATES_REQUIRE_KNOWN": "true",
                                "IDNODE_ACCESS_ALLOW_DAILY_HASH": "true"})
        # What no old client does: the node's operator makes the account that old clients call
        # the administrator, and audits prefixes.
        self.operator = self.http(self.node, self.node.token())
        status, _, answer = self.operator("POST", "/v1/users", {
            "name": ADMIN, "role": "OPERATOR", "password": PASSWORD})
        self.assertEqual(status, 200, answer)
        self.admin = self.client()
        self.admin.login(ADMIN, PASSWORD)

    def client(self):
        client = SnmsClient("127.0.0.1", self.node.ports["http"])
        self.addCleanup(client.close)
        return client

    def audit(self, prefix, state):
        for step in ("IN_AUDIT", state):
            status, _, answer = self.operator("POST", f"/v1/prefixes/{prefix}:setState",
                                              {"state": step, "reason": "checked"})
            self.assertEqual(status, 200, answer)

    def admit(self, user, code, name, prefix):
        licence = self.admin.upload("licence.png", PNG)
        self.assertTrue(self.admin.apply(user, "secret of " + user,
                                         enterprise(code, name, prefix, licence)))
        self.audit(prefix, "PREFIX_ACTIVE")
        client = self.client()
        client.login(user, "secret of " + user)
        return client

    def refused(self, status, message, call, *arguments):
        with self.assertRaises(Refused) as caught:
            call(*arguments)
        self.assertEqual((caught.exception.status, caught.exception.message), (status, message))

    def admit_shoes(self):
        client = self.admit("shoes", SHOES_CODE, "步履鞋业", SHOES)
        self.assertTrue(client.put_template("POST", SHOES, "1.0", [NAME, COLOUR]))
        return client

    def test_a_whole_day(self):
        shoes = self.admit_shoes()
        items = shoes.template(SHOES, "1.0")["items"]
        self.assertEqual([(i["idIndex"], i["idType"], i["state"]) for i in items],
                         [(2000, "name", 1), (2001, "colour", 1)])

        # Two batches, the second of which the client repeats as after a lost answer.
        first = shoes.batch("POST", "batchCreate", [shoe(n) for n in range(BATCH)])
        self.assertEqual(first, [(f"{SHOES}/SN{n}", SUCCESS, "success") for n in range(BATCH)])
        second = [shoe(n) for n in range(BATCH, 2 * BATCH)]
        for _ in range(2):
            answer = shoes.batch("POST", "batchCreate", second)
            self.assertEqual({(code, msg) for _, code, msg in answer}, {(SUCCESS, "success")})

        # A batch in which some are other than what is there, and some are faulty.
        mixed = [shoe(0), shoe(1, "green"), shoe(2 * BATCH),
                 SnmsClient.item(f"{SHOES}/X1", "1.0", [(2000, "name", "x" * 41)]),
                 SnmsClient.item(f"{SHOES}/X2", "1.0", [(1000, "name", "x")]),
                 SnmsClient.item(f"{SHOES}/X3", "no such", [(2000, "name", "x")]),
                 SnmsClient.item(f"{FOOD}/X4", "1.0", [(2000, "name", "x")])]
        codes = [(code, msg) for _, code, msg in shoes.batch("POST", "batchCreate", mixed)]
        self.assertEqual(codes[:3], [(SUCCESS, "success"), (FAILED, EXISTS), (SUCCESS, "success")])
        self.assertEqual(codes[3][0], FAILED)
        self.assertEqual(codes[4], (FAILED, "非法操作，索引1000在模板中不存在"))
        self.assertEqual(codes[5], (FAILED, "数据模板不存在: no such"))
        self.assertLess(codes[6][0], SUCCESS)

        # One at a time.
        self.assertTrue(shoes.register(shoe("one")))
        self.assertTrue(shoes.register(shoe("one")))
        self.refused(FAILED, EXISTS, shoes.register, shoe("one", "green"))
        self.assertTrue(shoes.update(SnmsClient.item(f"{SHOES}/SNone", "1.0",
                                                     [(2001, "colour", "blue")])))
        self.assertEqual(shoes.values(f"{SHOES}/SNone"), {"name": "shoe one", "colour": "blue"})

        # The template grows; what was registered before is repeated all the same.
        self.assertTrue(shoes.put_template("PUT", SHOES, "1.0", [SIZE]))
        self.assertEqual([i["idIndex"] for i in shoes.template(SHOES, "1.0")["items"]],
                         [2000, 2001, 2002])
        self.assertTrue(shoes.register(shoe(5)))
        sized = SnmsClient.item(f"{SHOES}/SN5", "1.0", [(2002, "size", "42")])
        self.assertEqual(shoes.batch("PUT", "batchUpdate", [sized]),
                         [(f"{SHOES}/SN5", SUCCESS, "success")])
        self.assertEqual(shoes.values(f"{SHOES}/SN5"),
                         {"name": "shoe 5", "colour": "red", "size": "42"})
        self.refused(FAILED, "数据模板已被使用，不能删除", shoes.delete_template, SHOES, "1.0")

        # Anybody resolves.
        stranger = self.client()
        found = stranger.resolve(f"{SHOES}/SN5")
        self.assertEqual((found["responseCode"], found["handle"]), (1, f"{SHOES}/SN5"))
        self.assertIn("shoe 5", [value["data"]["value"] for value in found["value"]])
        self.assertEqual(stranger.resolve(f"{SHOES}/none")["responseCode"], 100)

        # What goes is gone, and counts no more and no less for it.
        self.assertTrue(shoes.delete(f"{SHOES}/SNone"))
        self.refused(FAILED, "没有找到标识", shoes.delete, f"{SHOES}/SNone")
        self.assertEqual(shoes.batch("DELETE", "batchDelete", [f"{SHOES}/SN0", f"{SHOES}/none"]),
                         [(f"{SHOES}/SN0", SUCCESS, "success"),
                          (f"{SHOES}/none", FAILED, "标识不存在")])
        self.assertEqual(stranger.resolve(f"{SHOES}/SN0")["responseCode"], 100)
        volume = self.volume(self.node)
        self.assertEqual((volume["firstEver"], volume["deletions"]), (2 * BATCH + 2, 2))
        self.assert_recount_equal(self.node)

    def test_nobody_gets_at_what_is_anothers(self):
        shoes = self.admit_shoes()
        food = self.admit("food", FOOD_CODE, "味源食品", FOOD)
        self.refused(NO_PERMISSION, "没有权限", food.register, shoe(1))
        self.refused(NO_PERMISSION, "没有权限", food.put_template, "PUT", SHOES, "1.0", [SIZE])
        self.refused(NO_PERMISSION, "没有权限", food.upload, "a.png", PNG)
        self.assertTrue(shoes.register(shoe(1)))
        self.assertEqual(food.values(f"{SHOES}/SN1"), {"name": "shoe 1", "colour": "red"})
        self.assertEqual([row["entPrefix"] for row in food.page("prefix")], [FOOD])
        food.logout()
        self.refused(NOT_LOGGED_IN, "没有登录，需要验证", food.detail, f"{SHOES}/SN1")
        self.refused(FAILED, "用户名/密码错误！", food.login, "food", "secret of shoes")
        food.login_daily("food", "secret of food", self.beijing_day())
        self.assertEqual(food.prefix(FOOD)["entNameCn"], "味源食品")

    @staticmethod
    def beijing_day():
        beijing = datetime.timezone(datetime.timedelta(hours=8))
        return datetime.datetime.now(beijing).strftime("%Y-%m-%d")

    def test_the_administrator_sees_enterprises_and_prefixes(self):
        self.admit_shoes()
        self.admit("food", FOOD_CODE, "味源食品", FOOD)
        licence = self.admin.upload("licence.png", PNG)
        third = enterprise("91360200MA35T003XK", "青白瓷业", "88.108.3003", licence)
        self.assertTrue(self.admin.apply("cups", "secret of cups", third))
        rows = self.admin.page("ent")
        self.assertEqual({row["orgName"] for row in rows}, {"步履鞋业", "味源食品", "青白瓷业"})
        number = next(row["id"] for row in rows if row["orgName"] == "味源食品")
        self.assertEqual(self.admin.enterprise(number)["entBasicInfo"]["orgCrtCode"], FOOD_CODE)
        states = {row["entPrefix"]: row["state"] for row in self.admin.page("prefix")}
        self.assertEqual(states, {SHOES: 1, FOOD: 1, "88.108.3003": 4})
        self.audit("88.108.3003", "PREFIX_ACTIVE")
        self.assertTrue(self.admin.configure("88.108.3003", hdlType="HS_SITE", ipType=4,
                                             ip="192.0.2.7", tcpPort="2641", udpPort="",
                                             httpPort="8000"))
        self.assertEqual(self.client().resolve("88.108.3003/x")["responseCode"], 303)
        with self.assertRaises(RequestFailed):
            self.admin._request("GET", "/snms/api/no-such-path")  # pylint: disable=protected-access

    def test_uploads_survive_a_restart(self):
        licence = self.admin.upload("licence.png", PNG)
        self.assertEqual(self.node.stop(), 0)
        self.node = self.start({"IDNODE_NODE_ADMIT_ON_FIRST_USE": "false"})
        admin = self.client()
        admin.login(ADMIN, PASSWORD)
        self.assertTrue(admin.apply("shoes", "secret of shoes",
                                    enterprise(SHOES_CODE, "步履鞋业", SHOES, licence)))
        self.refused(FAILED, f"文件已被关联: {licence}", admin.apply, "food", "secret of food",
                     enterprise(FOOD_CODE, "味源食品", FOOD, licence))


if __name__ == "__main__":
    unittest.main()
