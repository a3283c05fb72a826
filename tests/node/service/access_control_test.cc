#include "node/service/access_control.h"

#include <atomic>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "node/base/text.h"
#include "node/base/varint.h"
#include "node/service/access_rows.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/access_fixture.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(AccessControlTest, NoTokenIsAnonymousAWrongOneIsRefused) {
  TestNode node;
  EXPECT_EQ((*node.access->Authenticate(""))->role, Role::kAnonymous);
  EXPECT_EQ(Auth(node, "wrong"), Errc::kUnauthenticated);
  EXPECT_EQ(Auth(node, OperatorToken(node) + "x"), Errc::kUnauthenticated);
  EXPECT_EQ(Auth(node, std::string(257, 'a')), Errc::kUnauthenticated);
  EXPECT_EQ(Auth(node, "eyJ"), Errc::kUnauthenticated);
}

TEST(AccessControlTest, RolesNeedWhatTheyNeed) {
  TestNode node;
  const auto field = [&](Role role, std::vector<std::string> prefixes,
                         const std::string& enterprise) {
    NewApplication wanted = Wanted("x", std::move(prefixes));
    wanted.role = role;
    wanted.enterprise = enterprise;
    const auto created = node.access->CreateApplication(node.Operator(), wanted, node.Soon());
    return created.ok() ? std::string("ok") : created.error().field;
  };
  const std::string code = TestCreditCode(1);
  EXPECT_EQ(field(Role::kAnonymous, {}, ""), "role");
  EXPECT_EQ(field(Role::kApplication, {}, ""), "prefixes");
  EXPECT_EQ(field(Role::kApplication, {"88.108.1"}, "91440300"), "enterprise");
  EXPECT_EQ(field(Role::kEnterpriseAdministrator, {}, ""), "enterprise");
  EXPECT_EQ(field(Role::kEnterpriseAdministrator, {"88.108.1"}, code), "prefixes");
  EXPECT_EQ(field(Role::kAuditor, {"88.108.1"}, ""), "prefixes");
  EXPECT_EQ(field(Role::kOperator, {}, code), "enterprise");
  EXPECT_EQ(field(Role::kOperator, {}, ""), "ok");
}

TEST(AccessControlTest, TokensCarryTheirRole) {
  TestNode node;
  const std::string code = TestCreditCode(1);
  for (const Role role : {Role::kAuditor, Role::kOperator, Role::kEnterpriseAdministrator}) {
    NewApplication wanted = Wanted("r" + std::to_string(static_cast<int>(role)), {});
    wanted.role = role;
    if (role == Role::kEnterpriseAdministrator) wanted.enterprise = code;
    const auto caller = node.access->Authenticate(Make(node, wanted));
    ASSERT_TRUE(caller.ok());
    EXPECT_EQ((*caller)->role, role);
    EXPECT_EQ((*caller)->enterprise, wanted.enterprise);
    EXPECT_TRUE((*caller)->prefixes.empty());
  }
}

TEST(AccessControlTest, AnApplicationIsOfItsPrefixesEnterprise) {
  TestNode node;
  const std::string code = node.AddEnterprise(1);
  ASSERT_TRUE(node.prefixes->Admit(node.Operator(), "88.108.1", code, node.Soon()).ok());
  const auto caller = node.access->Authenticate(Make(node, Wanted("own", {"88.108.1"})));
  EXPECT_EQ((*caller)->enterprise, code);
  // One that writes for others besides is of none, unless that is said.
  const auto mixed =
      node.access->Authenticate(Make(node, Wanted("both", {"88.108.1", "88.108.2"})));
  EXPECT_EQ((*mixed)->enterprise, "");
}

class AdministratorTest : public ::testing::Test {
 protected:
  AdministratorTest() : code_(node_.AddEnterprise(1)), other_(node_.AddEnterprise(2)) {
    EXPECT_TRUE(node_.prefixes->Admit(node_.Operator(), "88.108.1", code_, node_.Soon()).ok());
    EXPECT_TRUE(node_.prefixes->Admit(node_.Operator(), "88.108.2", other_, node_.Soon()).ok());
  }
  Errc Create(const NewApplication& wanted) {
    return node_.access->CreateApplication(node_.Administrator(code_), wanted, node_.Soon()).code();
  }

  TestNode node_;
  const std::string code_;
  const std::string other_;
};

TEST_F(AdministratorTest, CreatesApplicationsOfItsOwnPrefixesOnly) {
  EXPECT_EQ(Create(Wanted("mine", {"88.108.1"})), Errc::kOk);
  EXPECT_EQ(Create(Wanted("theirs", {"88.108.2"})), Errc::kPermissionDenied);
  EXPECT_EQ(Create(Wanted("both", {"88.108.1", "88.108.2"})), Errc::kPermissionDenied);
  EXPECT_EQ(Create(Wanted("unknown", {"88.108.3"})), Errc::kPermissionDenied);
  NewApplication wanted = Wanted("as-other", {"88.108.1"});
  wanted.enterprise = other_;
  EXPECT_EQ(Create(wanted), Errc::kPermissionDenied);
  for (const Role role : {Role::kEnterpriseAdministrator, Role::kAuditor, Role::kOperator}) {
    NewApplication more = Wanted("more", {});
    more.role = role;
    EXPECT_EQ(Create(more), Errc::kPermissionDenied);
  }
  const auto infos = node_.access->ListApplications(node_.Operator());
  ASSERT_EQ(infos->size(), 1u);
  EXPECT_EQ((*infos)[0].enterprise, code_);
}

TEST_F(AdministratorTest, ManagesItsOwnAndSeesNoOthers) {
  Make(node_, Wanted("mine", {"88.108.1"}));
  Make(node_, Wanted("theirs", {"88.108.2"}));
  const Actor actor = node_.Administrator(code_);
  EXPECT_EQ(node_.access->ListApplications(actor)->size(), 1u);
  EXPECT_EQ(node_.access->ListApplications(actor, code_)->size(), 1u);
  EXPECT_EQ(node_.access->ListApplications(actor, other_).code(), Errc::kPermissionDenied);
  EXPECT_EQ(node_.access->ListApplications(node_.Auditor())->size(), 2u);
  EXPECT_EQ(node_.access->ListApplications(node_.Auditor(), other_)->size(), 1u);
  const auto token = [&](const std::string& name) {
    return node_.access->CreateToken(actor, name, seconds(0), false, seconds(0), node_.Soon())
        .code();
  };
  EXPECT_EQ(token("mine"), Errc::kOk);
  EXPECT_EQ(token("theirs"), Errc::kPermissionDenied);
  // Not told whether there is one.
  EXPECT_EQ(token("nobody"), Errc::kPermissionDenied);
  EXPECT_EQ(node_.access->RevokeApplication(actor, "theirs", node_.Soon()).code(),
            Errc::kPermissionDenied);
  EXPECT_TRUE(node_.access->RevokeApplication(actor, "mine", node_.Soon()).ok());
}

TEST_F(AdministratorTest, GetsNoTokenThatCanDoMoreThanItself) {
  NewApplication integrator = Wanted("integrator", {"88.108.1", "88.108.2"});
  integrator.enterprise = code_;
  Make(node_, integrator);
  const Actor actor = node_.Administrator(code_);
  EXPECT_EQ(
      node_.access->CreateToken(actor, "integrator", seconds(0), false, seconds(0), node_.Soon())
          .code(),
      Errc::kPermissionDenied);
  EXPECT_EQ(
      node_.access->BindCertificate(actor, "integrator", std::string(64, 'a'), node_.Soon()).code(),
      Errc::kPermissionDenied);
  EXPECT_TRUE(node_.access->RevokeApplication(actor, "integrator", node_.Soon()).ok());
}

TEST(AccessControlTest, OthersManageNothing) {
  TestNode node;
  Make(node, Wanted("erp", {"88.108.1"}));
  const Actor erp = node.App("erp", {"88.108.1"});
  EXPECT_EQ(node.access->CreateApplication(erp, Wanted("x", {"88.108.1"}), node.Soon()).code(),
            Errc::kPermissionDenied);
  EXPECT_EQ(node.access->ListApplications(node.Stranger()).code(), Errc::kUnauthenticated);
  EXPECT_EQ(node.access->ListApplications(erp).code(), Errc::kPermissionDenied);
  EXPECT_EQ(node.access->RevokeApplication(node.Auditor(), "erp", node.Soon()).code(),
            Errc::kPermissionDenied);
  EXPECT_EQ(node.access->RevokeToken(node.Stranger(), "erp", "t1", node.Soon()).code(),
            Errc::kUnauthenticated);
}

TEST(AccessControlTest, NamesAndPrefixesAreChecked) {
  TestNode node;
  const auto field = [&](const std::string& name, std::vector<std::string> prefixes) {
    const auto created = node.access->CreateApplication(
        node.Operator(), Wanted(name, std::move(prefixes)), node.Soon());
    return created.ok() ? std::string("ok") : created.error().field;
  };
  EXPECT_EQ(field("", {"88.1"}), "name");
  EXPECT_EQ(field("ERP", {"88.1"}), "name");
  EXPECT_EQ(field(std::string(65, 'a'), {"88.1"}), "name");
  EXPECT_EQ(field(std::string(64, 'a'), {"88.1"}), "ok");
  EXPECT_EQ(field("a", {}), "prefixes");
  EXPECT_EQ(field("a", std::vector<std::string>(1001, "88.1")), "prefixes");
  EXPECT_EQ(field("a", {"88.1", "88..2"}), "prefixes[1]");
}

TEST(AccessControlTest, TokensEndWithTheirTime) {
  TestNode node;
  NewApplication wanted = Wanted("erp", {"88.108.1"});
  wanted.expires_in = seconds(60);
  const std::string token = Make(node, wanted);
  node.clock.AdvanceMs(59'999);
  EXPECT_EQ(Auth(node, token), Errc::kOk);
  node.clock.AdvanceMs(1);
  const auto expired = node.access->Authenticate(token);
  ASSERT_EQ(expired.code(), Errc::kUnauthenticated);
  EXPECT_EQ(expired.error().detail, "the token has expired");
  const auto field = [&](seconds expires_in) {
    NewApplication other = Wanted("other", {"88.108.1"});
    other.expires_in = expires_in;
    const auto created = node.access->CreateApplication(node.Operator(), other, node.Soon());
    return created.ok() ? std::string("ok") : created.error().field;
  };
  EXPECT_EQ(field(seconds(-1)), "expiresInSeconds");
  EXPECT_EQ(field(hours(24 * 3650) + seconds(1)), "expiresInSeconds");
  EXPECT_EQ(field(hours(24 * 3650)), "ok");
}

TEST(AccessControlTest, RotationLetsTheOldTokensOverlap) {
  TestNode node;
  const std::string first = Make(node, Wanted("erp", {"88.108.1"}));
  const auto rotate = [&](seconds overlap) {
    return node.access->CreateToken(node.Operator(), "erp", seconds(0), true, overlap, node.Soon());
  };
  EXPECT_EQ(rotate(hours(24 * 30) + seconds(1)).error().field, "overlapSeconds");
  EXPECT_EQ(rotate(seconds(-1)).error().field, "overlapSeconds");
  const auto second = rotate(seconds(10));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->id, "t2");
  node.clock.AdvanceMs(9'999);
  EXPECT_EQ(Auth(node, first), Errc::kOk);
  EXPECT_EQ(Auth(node, second->token), Errc::kOk);
  node.clock.AdvanceMs(1);
  EXPECT_EQ(Auth(node, first), Errc::kUnauthenticated);
  EXPECT_EQ(Auth(node, second->token), Errc::kOk);
  // A later rotation does not prolong what ends earlier.
  const auto third = rotate(seconds(0));
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(Auth(node, second->token), Errc::kUnauthenticated);
  ASSERT_TRUE(node.access->Load(node.data_dir).ok());
  EXPECT_EQ(Auth(node, first), Errc::kUnauthenticated);
  EXPECT_EQ(Auth(node, third->token), Errc::kOk);
}

TEST(AccessControlTest, SeveralTokensAreRevokedOneByOne) {
  TestNode node;
  const std::string first = Make(node, Wanted("erp", {"88.108.1"}));
  const auto second =
      node.access->CreateToken(node.Operator(), "erp", seconds(0), false, seconds(0), node.Soon());
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(node.access->RevokeToken(node.Operator(), "erp", "t3", node.Soon()).error().field,
            "id");
  const auto revoked = node.access->RevokeToken(node.Operator(), "erp", "t1", node.Soon());
  ASSERT_TRUE(revoked.ok());
  EXPECT_TRUE(revoked->tokens[0].revoked);
  EXPECT_EQ(Auth(node, first), Errc::kUnauthenticated);
  EXPECT_EQ(Auth(node, second->token), Errc::kOk);
}

TEST(AccessControlTest, DeadTokensMakeRoomAndNumbersAreNotUsedAgain) {
  TestNode node;
  Make(node, Wanted("erp", {"88.108.1"}));
  const auto create = [&] {
    return node.access->CreateToken(node.Operator(), "erp", seconds(0), false, seconds(0),
                                    node.Soon());
  };
  for (std::size_t i = 1; i < kApplicationTokensMax; ++i) ASSERT_TRUE(create().ok()) << i;
  EXPECT_EQ(create().code(), Errc::kPreconditionFailed);
  ASSERT_TRUE(node.access->RevokeToken(node.Operator(), "erp", "t32", node.Soon()).ok());
  const auto next = create();
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->id, "t33");
  EXPECT_EQ(next->application.tokens.size(), kApplicationTokensMax);
  ASSERT_TRUE(node.access->RevokeApplication(node.Operator(), "erp", node.Soon()).ok());
  EXPECT_EQ(create().code(), Errc::kPreconditionFailed);
}

TEST(AccessControlTest, CertificatesStandForTheirApplication) {
  TestNode node;
  Make(node, Wanted("erp", {"88.108.1"}));
  Make(node, Wanted("mes", {"88.108.2"}));
  const std::string fingerprint(64, 'a');
  std::string written;  // as OpenSSL prints it
  for (int i = 0; i < 32; ++i) written += i == 0 ? "AA" : ":AA";
  EXPECT_EQ(node.access->AuthenticateCertificate(fingerprint).code(), Errc::kUnauthenticated);
  ASSERT_TRUE(node.access->BindCertificate(node.Operator(), "erp", written, node.Soon()).ok());
  EXPECT_EQ((*node.access->AuthenticateCertificate(fingerprint))->application, "erp");
  EXPECT_TRUE(node.access->BindCertificate(node.Operator(), "erp", fingerprint, node.Soon()).ok())
      << "again changes nothing";
  EXPECT_EQ(node.access->BindCertificate(node.Operator(), "mes", fingerprint, node.Soon()).code(),
            Errc::kAlreadyExists);
  for (const std::string& bad :
       {std::string(63, 'a'), std::string(65, 'a'), std::string(63, 'a') + "g", std::string()}) {
    EXPECT_EQ(node.access->BindCertificate(node.Operator(), "mes", bad, node.Soon()).error().field,
              "fingerprint");
  }
  ASSERT_TRUE(node.access->Load(node.data_dir).ok());
  EXPECT_EQ((*node.access->AuthenticateCertificate(fingerprint))->application, "erp");
  ASSERT_TRUE(
      node.access->UnbindCertificate(node.Operator(), "erp", fingerprint, node.Soon()).ok());
  EXPECT_EQ(node.access->AuthenticateCertificate(fingerprint).code(), Errc::kUnauthenticated);
  EXPECT_EQ(node.access->UnbindCertificate(node.Operator(), "erp", fingerprint, node.Soon()).code(),
            Errc::kNotFound);
  ASSERT_TRUE(node.access->BindCertificate(node.Operator(), "mes", fingerprint, node.Soon()).ok());
  ASSERT_TRUE(node.access->RevokeApplication(node.Operator(), "mes", node.Soon()).ok());
  EXPECT_EQ(node.access->AuthenticateCertificate(fingerprint).code(), Errc::kUnauthenticated);
}

TEST(AccessControlTest, CertificatesAreBounded) {
  TestNode node;
  Make(node, Wanted("erp", {"88.108.1"}));
  const auto bind = [&](std::size_t n) {
    const Digest digest = Sha256(std::to_string(n));
    return node.access
        ->BindCertificate(node.Operator(), "erp",
                          Hex({reinterpret_cast<const char*>(digest.data()), digest.size()}),
                          node.Soon())
        .code();
  };
  for (std::size_t n = 0; n < kApplicationCertificatesMax; ++n) EXPECT_EQ(bind(n), Errc::kOk);
  EXPECT_EQ(bind(kApplicationCertificatesMax), Errc::kPreconditionFailed);
}

TEST(AccessControlTest, EveryActIsInTheAuditLogWithoutSecrets) {
  TestNode node;
  const std::string token = Make(node, Wanted("erp", {"88.108.1"}));
  const auto second =
      node.access->CreateToken(node.Operator(), "erp", seconds(0), true, seconds(5), node.Soon());
  ASSERT_TRUE(second.ok());
  (void)node.access->RevokeApplication(node.App("erp", {"88.108.1"}), "erp", node.Soon());
  ASSERT_TRUE(node.access->RevokeApplication(node.Operator(), "erp", node.Soon()).ok());
  const auto entries = node.AuditEntries();
  std::vector<std::string> actions;
  for (const auto& entry : entries) {
    actions.push_back(entry.action + (entry.refused.empty() ? "" : " " + entry.refused));
    for (const auto& text : {entry.before, entry.after}) {
      EXPECT_EQ(text.find(token), std::string::npos);
      EXPECT_EQ(text.find(second->token), std::string::npos);
    }
  }
  std::sort(actions.begin(), actions.end());
  EXPECT_EQ(actions,
            (std::vector<std::string>{"application.create", "application.revoke",
                                      "application.revoke permission-denied", "token.create"}));
  for (const auto& entry : entries) {
    if (entry.action != "application.revoke" || !entry.refused.empty()) continue;
    EXPECT_NE(entry.before.find("\"revoked\":false"), std::string::npos) << entry.before;
    EXPECT_NE(entry.after.find("\"revoked\":true"), std::string::npos) << entry.after;
  }
}

TEST(AccessControlTest, WhatIsRefusedAfterItWasPermittedIsInTheAuditLogToo) {
  TestNode node;
  AccessControl& access = *node.access;
  const Actor actor = node.Operator();
  const std::string fingerprint(64, 'a');
  Make(node, Wanted("erp", {"88.108.1001"}));
  Make(node, Wanted("mes", {"88.108.1002"}));
  ASSERT_TRUE(access.BindCertificate(actor, "erp", fingerprint, node.Soon()).ok());
  ASSERT_TRUE(Refusals(node).empty());
  EXPECT_FALSE(access.CreateApplication(actor, Wanted("erp", {"88.1"}), node.Soon()).ok());
  EXPECT_FALSE(access.CreateApplication(actor, Wanted("a secret", {"88.1"}), node.Soon()).ok());
  EXPECT_FALSE(access.BindCertificate(actor, "mes", fingerprint, node.Soon()).ok());
  EXPECT_FALSE(access.UnbindCertificate(actor, "mes", fingerprint, node.Soon()).ok());
  EXPECT_FALSE(access.RevokeToken(actor, "mes", "t9", node.Soon()).ok());
  EXPECT_FALSE(access.RevokeApplication(actor, "none", node.Soon()).ok());
  ASSERT_TRUE(access.RevokeApplication(actor, "erp", node.Soon()).ok());
  EXPECT_FALSE(access.CreateToken(actor, "erp", seconds(0), false, seconds(0), node.Soon()).ok());
  EXPECT_EQ(Refusals(node),
            (std::vector<std::string>{
                "application.create already-exists erp",
                "application.create invalid-request (no name)", "application.revoke not-found none",
                "certificate.bind already-exists mes", "certificate.bind not-found mes",
                "token.create precondition-failed erp", "token.revoke not-found mes"}));
}

TEST(AccessControlTest, ACertificateOfSeveralIsTheLastOnes) {
  TestNode node;
  const std::string fingerprint(64, 'd');
  for (const char* name : {"erp", "mes", "wms"}) {
    StoredApplication stored;
    stored.info.name = name;
    stored.info.prefixes = {"88.108.1"};
    stored.info.tokens = {{"t1", 1, 0, false}};
    stored.token_hashes = {Sha256(name)};
    stored.info.certificates = {fingerprint};
    ASSERT_TRUE(
        node.writer->Create(std::string("a") + name, EncodeApplication(stored), node.Soon()).ok());
  }
  ASSERT_TRUE(node.access->Load(node.data_dir).ok());
  const auto who = [&] {
    const auto caller = node.access->AuthenticateCertificate(fingerprint);
    return caller.ok() ? (*caller)->application : std::string("nobody");
  };
  EXPECT_EQ(who(), "nobody");
  ASSERT_TRUE(
      node.access->UnbindCertificate(node.Operator(), "mes", fingerprint, node.Soon()).ok());
  EXPECT_EQ(who(), "nobody") << "two are left";
  // Another change of one of them changes nothing.
  ASSERT_TRUE(
      node.access->CreateToken(node.Operator(), "erp", seconds(0), false, seconds(0), node.Soon())
          .ok());
  EXPECT_EQ(who(), "nobody");
  ASSERT_TRUE(node.access->RevokeApplication(node.Operator(), "erp", node.Soon()).ok());
  EXPECT_EQ(who(), "wms");
  ASSERT_TRUE(
      node.access->UnbindCertificate(node.Operator(), "wms", fingerprint, node.Soon()).ok());
  EXPECT_EQ(who(), "nobody");
  EXPECT_TRUE(node.access->BindCertificate(node.Operator(), "mes", fingerprint, node.Soon()).ok());
  EXPECT_EQ(who(), "mes");
}

TEST(AccessControlTest, NoDeadlineKeepsARevocationFromTheStore) {
  TestNode node;
  const std::string fingerprint(64, 'e');
  const std::string first = Make(node, Wanted("erp", {"88.108.1"}));
  const std::string mes = Make(node, Wanted("mes", {"88.108.2"}));
  ASSERT_TRUE(node.access->BindCertificate(node.Operator(), "erp", fingerprint, node.Soon()).ok());
  node.clock.AdvanceMs(1);
  const Deadline past = node.clock.After(std::chrono::milliseconds(-1));
  EXPECT_TRUE(node.access->RevokeToken(node.Operator(), "erp", "t1", past).ok());
  EXPECT_TRUE(node.access->UnbindCertificate(node.Operator(), "erp", fingerprint, past).ok());
  EXPECT_TRUE(node.access->RevokeApplication(node.Operator(), "mes", past).ok());
  ASSERT_TRUE(node.access->Load(node.data_dir).ok());
  EXPECT_EQ(Auth(node, first), Errc::kUnauthenticated);
  EXPECT_EQ(Auth(node, mes), Errc::kUnauthenticated);
  EXPECT_EQ(node.access->AuthenticateCertificate(fingerprint).code(), Errc::kUnauthenticated);
}

TEST(AccessControlTest, WhatIsFoundInTheStoreCanBeRevoked) {
  TestNode node;
  StoredApplication stored;  // of a creation whose outcome nobody learned
  stored.info.name = "ghost";
  stored.info.role = Role::kApplication;
  stored.info.prefixes = {"88.108.1"};
  stored.info.tokens = {{"t1", 1, 0, false}};
  stored.token_hashes = {Sha256("token")};
  ASSERT_TRUE(node.writer->Create("aghost", EncodeApplication(stored), node.Soon()).ok());
  EXPECT_EQ(
      node.access->CreateApplication(node.Operator(), Wanted("ghost", {"88.108.1"}), node.Soon())
          .code(),
      Errc::kAlreadyExists);
  EXPECT_EQ(node.access->ListApplications(node.Operator())->size(), 1u);
  EXPECT_EQ(Auth(node, "token"), Errc::kOk);
  EXPECT_TRUE(node.access->RevokeApplication(node.Operator(), "ghost", node.Soon()).ok());
  EXPECT_EQ(Auth(node, "token"), Errc::kUnauthenticated);
}

TEST(AccessControlTest, RevokesWhileOthersAuthenticateAndRotate) {
  TestNode node;
  const std::string token = Make(node, Wanted("erp", {"88.108.1"}));
  std::atomic<bool> revoked{false};
  std::atomic<bool> wrong{false};
  std::atomic<int> looks{0};
  std::thread reader([&] {
    while (looks.fetch_add(1) < 20'000) {
      const bool was_revoked = revoked.load();
      if (node.access->Authenticate(token).ok() && was_revoked) wrong = true;
    }
  });
  std::thread rotator([&] {
    for (int i = 0; i < 20; ++i) {
      (void)node.access->CreateToken(node.Operator(), "erp", seconds(0), false, seconds(0),
                                     node.Soon());
    }
  });
  EXPECT_TRUE(node.access->RevokeToken(node.Operator(), "erp", "t1", node.Soon()).ok());
  revoked = true;
  rotator.join();
  reader.join();
  EXPECT_FALSE(wrong);
  ASSERT_TRUE(node.access->Load(node.data_dir).ok());
  EXPECT_EQ(Auth(node, token), Errc::kUnauthenticated) << "a rotation must not undo it";
}

}  // namespace
}  // namespace idnode::service
