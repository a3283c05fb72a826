// `idnode template`, `app`, `token`, `user`, `login`, `grant` and `audit`.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "node/cli/command_line.h"
#include "node/cli/secret.h"
#include "tests/node/cli/fake_node.h"
#include "tests/node/cli/run_cli.h"
#include "tests/node/cli/test_files.h"

namespace idnode::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

unsigned ModeOf(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

class AccessCommandTest : public testing::Test {
 protected:
  CliResult Run(std::vector<std::string> arguments, const CliSetup& setup = {}) {
    arguments.insert(arguments.begin(), {"--server", node_.address()});
    return RunCli(std::move(arguments), setup);
  }
  FakeAdministration& administration() { return node_.administration(); }
  FakeNode node_;
  TestFolder folder_;
};

// ---- templates -----------------------------------------------------------------------

constexpr char kShoe[] = R"({"title":"Shoe","type":"object","required":["model"],"properties":{
  "model":{"type":"string","maxLength":20},"size":{"type":"integer","minimum":10,"maximum":60}}})";

TEST_F(AccessCommandTest, ChecksATemplateWithoutANode) {
  node_.Stop();
  const std::string path = folder_.Write("shoe.json", kShoe);
  const CliResult valid = Run({"template", "check", path});
  EXPECT_EQ(valid.code, kExitDone) << valid.err;
  EXPECT_THAT(valid.out, AllOf(HasSubstr("model"), HasSubstr("required"), HasSubstr("10..60")));
  EXPECT_THAT(Run({"template", "check", path, "--json"}).out,
              HasSubstr(R"({"valid":true,"items":2})"));
  CliSetup input;
  input.in = kShoe;
  EXPECT_EQ(Run({"template", "check", "-"}, input).code, kExitDone);
  const std::string wrong = folder_.Write(
      "wrong.json", R"({"type":"object","properties":{"model":{"type":"string","maxLength":-1}}})");
  const CliResult invalid = Run({"template", "check", wrong, "--json"});
  EXPECT_EQ(invalid.code, kExitFailed);
  EXPECT_THAT(invalid.out, HasSubstr("maxLength"));
  EXPECT_EQ(Run({"template", "check", folder_.Write("no.json", "nothing")}).code, kExitFailed);
}

TEST_F(AccessCommandTest, PutsPublishesAndDeletesTemplates) {
  const std::string path = folder_.Write("shoe.json", kShoe);
  const CliResult put = Run(
      {"template", "put", path, "--owner", "88.108.1001", "--name", "shoe", "--publish", "--json"});
  EXPECT_EQ(put.code, kExitDone) << put.err;
  EXPECT_THAT(put.out, AllOf(HasSubstr(R"("reference":"shoe@1")"), HasSubstr("PUBLISHED")));
  const CliResult shown = Run({"template", "show", "shoe", "--owner", "88.108.1001"});
  EXPECT_THAT(shown.out, AllOf(HasSubstr("shoe@1"), HasSubstr("published"), HasSubstr("model")));
  EXPECT_THAT(
      Run({"template", "show", "shoe@1", "--owner", "88.108.1001", "--form", "json-schema"}).out,
      AllOf(HasSubstr(R"("maxLength":20)"), Not(HasSubstr("reference"))));
  EXPECT_THAT(Run({"template", "list"}).out, HasSubstr("shoe@1"));

  // A next version that drops an item is told before it is put.
  const std::string less =
      folder_.Write("less.json", R"({"type":"object","properties":{"model":{"type":"string"}}})");
  EXPECT_EQ(
      Run({"template", "put", less, "--owner", "88.108.1001", "--name", "shoe", "--dry-run"}).code,
      kExitFailed);
  EXPECT_EQ(
      Run({"template", "put", path, "--owner", "88.108.1001", "--name", "shoe", "--dry-run"}).code,
      kExitDone);

  EXPECT_EQ(Run({"template", "withdraw", "shoe@1", "--owner", "88.108.1001"}).code, kExitDone);
  EXPECT_EQ(Run({"template", "publish", "shoe", "--owner", "88.108.1001"}).code, kExitUsage);
  EXPECT_EQ(Run({"template", "publish", "shoe@x", "--owner", "88.108.1001"}).code, kExitUsage);
  EXPECT_EQ(Run({"template", "delete", "shoe@1", "--owner", "88.108.1001"}).code, kExitUsage);
  EXPECT_EQ(Run({"template", "delete", "shoe@1", "--owner", "88.108.1001", "--dry-run"}).code,
            kExitDone);
  EXPECT_EQ(Run({"template", "delete", "shoe@1", "--owner", "88.108.1001", "--yes"}).code,
            kExitDone);
  EXPECT_EQ(Run({"template", "delete", "shoe@1", "--owner", "88.108.1001", "--yes"}).code,
            kExitFailed);
}

// ---- applications and tokens --------------------------------------------------------------

TEST_F(AccessCommandTest, ApplicationsOfEveryRole) {
  EXPECT_EQ(Run({"app", "create", "erp"}).code, kExitUsage);
  ASSERT_EQ(Run({"app", "create", "erp", "--prefix", "88.108.1001", "--enterprise",
                 "91440101MA5D70N10A", "--expires-in", "90d"})
                .code,
            kExitDone);
  EXPECT_THAT(administration().last_request(),
              AllOf(HasSubstr(R"("expiresInSeconds":"7776000")"),
                    HasSubstr(R"("enterprise":"91440101MA5D70N10A")")));
  EXPECT_EQ(Run({"app", "create", "regulator", "--role", "auditor"}).out, "token-of-regulator\n");
  EXPECT_THAT(administration().last_request(), HasSubstr(R"("role":"AUDITOR")"));
  EXPECT_EQ(Run({"app", "create", "x", "--role", "king"}).code, kExitUsage);
  EXPECT_EQ(Run({"app", "create", "x", "--prefix", "88.1.1", "--expires-in", "soon"}).code,
            kExitUsage);
  EXPECT_THAT(Run({"app", "list"}).out, AllOf(HasSubstr("auditor"), HasSubstr("88.108.1001")));
}

TEST_F(AccessCommandTest, TokensAreMadeRotatedAndRevoked) {
  Run({"app", "create", "erp", "--prefix", "88.108.1001"});
  EXPECT_EQ(Run({"token", "create", "erp"}).out, "token-t2\n");
  EXPECT_EQ(Run({"token", "rotate", "erp"}).code, kExitUsage);  // the overlap is to be thought of
  const std::string path = folder_.Path("new.token");
  const CliResult rotated =
      Run({"token", "rotate", "erp", "--overlap", "7d", "--output", path, "--json"});
  EXPECT_EQ(rotated.code, kExitDone) << rotated.err;
  EXPECT_THAT(rotated.out + rotated.err, Not(HasSubstr("token-t3")));
  EXPECT_EQ(folder_.Read("new.token"), "token-t3\n");
  EXPECT_EQ(ModeOf(path), 0600U);
  EXPECT_THAT(administration().last_request(),
              AllOf(HasSubstr(R"("rotate":true)"), HasSubstr(R"("overlapSeconds":"604800")")));
  EXPECT_THAT(Run({"token", "rotate", "erp", "--overlap", "0"}).err, HasSubstr("end by now"));
  EXPECT_EQ(Run({"token", "revoke", "erp", "t1"}).code, kExitDone);
  const CliResult listed = Run({"token", "list", "erp"});
  EXPECT_THAT(listed.out, AllOf(HasSubstr("t4"), HasSubstr("never"), HasSubstr("yes")));
  EXPECT_EQ(Run({"token", "list", "nobody"}).code, kExitFailed);
}

constexpr char kCertificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBjTCCATOgAwIBAgIUZz/FhTm6USMB7YXSGhFkHE0LrjMwCgYIKoZIzj0EAwIw\n"
    "HDEaMBgGA1UEAwwRZXJwLm1ha2VyLmV4YW1wbGUwHhcNMjYxMTI0MjMzMDU3WhcN\n"
    "MzYxMTIxMjMzMDU3WjAcMRowGAYDVQQDDBFlcnAubWFrZXIuZXhhbXBsZTBZMBMG\n"
    "ByqGSM49AgEGCCqGSM49AwEHA0IABMRPNQFhB7PUpnDntxA7nupBbLLsH3mMCbGv\n"
    "QjuIOaoGqkHXkx1Uhh7xcl++NZPuzNQ7dg//EHe/9UAs4kD86X+jUzBRMB0GA1Ud\n"
    "DgQWBBS3BdraBr2f8IbwuqTlAqyUh2e8ljAfBgNVHSMEGDAWgBS3BdraBr2f8Ibw\n"
    "uqTlAqyUh2e8ljAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQD9\n"
    "/+ruzIOo2nY/9TAi76JzTy+0v06w4OtG6umljQ+jOgIgJbeT3D+klpIcgCQPF4TX\n"
    "DnFLvcK4jiRd3zYQm86rO4A=\n"
    "-----END CERTIFICATE-----\n";
// As `openssl x509 -fingerprint -sha256` gives it.
constexpr char kFingerprint[] = "ea24ffc633d6669eaa21c82311e82fe66f263d83b488d7a23d8d851becb6cec2";

TEST_F(AccessCommandTest, CertificatesAreBoundByTheirFingerprint) {
  Run({"app", "create", "erp", "--prefix", "88.108.1001"});
  const std::string upper =
      "9F:86:D0:81:88:4C:7D:65:9A:2F:EA:A0:C5:5A:D0:15:"
      "A3:BF:4F:1B:2B:0B:82:2C:D1:5D:6C:15:B0:F0:0A:08";
  ASSERT_EQ(Run({"app", "bind-certificate", "erp", "--fingerprint", upper}).code, kExitDone);
  EXPECT_THAT(administration().last_request(),
              HasSubstr("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"));
  EXPECT_EQ(Run({"app", "bind-certificate", "erp", "--fingerprint", "9f86"}).code, kExitUsage);
  EXPECT_EQ(Run({"app", "bind-certificate", "erp"}).code, kExitUsage);
  ASSERT_EQ(Run({"app", "bind-certificate", "erp", folder_.Write("erp.pem", kCertificate)}).code,
            kExitDone);
  EXPECT_THAT(administration().last_request(), HasSubstr(kFingerprint));
  const std::string broken = folder_.Write("broken.pem", std::string(kCertificate).substr(0, 200));
  EXPECT_EQ(Run({"app", "bind-certificate", "erp", broken}).code, kExitUsage);
}

// ---- people --------------------------------------------------------------------------------

TEST_F(AccessCommandTest, PasswordsComeFromFilesOrInputAndAreNeverShown) {
  const std::string path = folder_.Write("secret.txt", "correct horse\r\nsecond line\n");
  const CliResult added =
      Run({"user", "add", "li.ming", "--role", "auditor", "--password-file", path, "--json"});
  EXPECT_EQ(added.code, kExitDone) << added.err;
  EXPECT_THAT(administration().last_request(), HasSubstr(R"("password":"correct horse")"));
  EXPECT_THAT(added.out + added.err, Not(HasSubstr("correct horse")));
  CliSetup piped;
  piped.in = "from a pipe\n";
  ASSERT_EQ(Run({"user", "add", "op2", "--role", "operator", "--password-file", "-"}, piped).code,
            kExitDone);
  EXPECT_THAT(administration().last_request(), HasSubstr(R"("password":"from a pipe")"));
  // Nobody to ask: it is not taken from elsewhere.
  EXPECT_EQ(Run({"user", "add", "op3", "--role", "operator"}).code, kExitUsage);
  EXPECT_EQ(Run({"user", "add", "op3", "--role", "operator", "--password-file",
                 folder_.Write("empty.txt", "\n")})
                .code,
            kExitUsage);
  EXPECT_EQ(Run({"user", "add", "op3", "--role", "application", "--password-file", path}).code,
            kExitUsage);
}

TEST_F(AccessCommandTest, PasswordsAtTheirBoundAndBeyond) {
  const auto add = [&](const std::string& file, const CliSetup& setup = {}) {
    return Run({"user", "add", "x", "--role", "auditor", "--password-file", file}, setup).code;
  };
  const std::string longest(kPasswordBytesMax, 'x');
  EXPECT_EQ(add(folder_.Write("longest.txt", longest)), kExitDone);
  EXPECT_EQ(add(folder_.Write("longer.txt", longest + "x")), kExitUsage);
  CliSetup piped;
  piped.in = longest + "\n";
  EXPECT_EQ(add("-", piped), kExitDone);
  piped.in = longest + "x\n";
  EXPECT_EQ(add("-", piped), kExitUsage);
  EXPECT_EQ(add(folder_.Path("none.txt")), kExitUsage);
}

TEST_F(AccessCommandTest, PasswordsAreAskedForTwice) {
  CliSetup person;
  person.terminal = true;
  person.in = "new password\nnew password\n";
  const CliResult asked = Run({"user", "password", "li.ming"}, person);
  EXPECT_EQ(asked.code, kExitDone) << asked.err;
  EXPECT_THAT(asked.err, HasSubstr("New password of li.ming"));
  EXPECT_THAT(administration().last_request(),
              AllOf(HasSubstr(R"("password":"new password")"), Not(HasSubstr("oldPassword"))));
  person.in = "one\nother\n";
  EXPECT_EQ(Run({"user", "password", "li.ming"}, person).code, kExitUsage);
  person.in = "the old one\nnew password\nnew password\n";
  ASSERT_EQ(Run({"user", "password", "li.ming", "--own"}, person).code, kExitDone);
  EXPECT_THAT(administration().last_request(), HasSubstr(R"("oldPassword":"the old one")"));
}

TEST_F(AccessCommandTest, LoginKeepsItsTokenForItsOwner) {
  const std::string good = folder_.Write("good.txt", "correct horse\n");
  const std::string path = folder_.Path("session.token");
  const CliResult in = Run({"login", "li.ming", "--password-file", good, "--output", path});
  EXPECT_EQ(in.code, kExitDone) << in.err;
  EXPECT_EQ(in.out, "");
  EXPECT_EQ(folder_.Read("session.token"), "session-of-li.ming\n");
  EXPECT_EQ(ModeOf(path), 0600U);
  EXPECT_EQ(Run({"login", "li.ming", "--password-file", good, "--output", path}).code, kExitDone);
  EXPECT_EQ(Run({"login", "li.ming", "--password-file", good}).out, "session-of-li.ming\n");
  const std::string bad = folder_.Write("bad.txt", "incorrect\n");
  EXPECT_EQ(Run({"login", "li.ming", "--password-file", bad}).code, kExitNotAuthorised);
}

// ---- grants --------------------------------------------------------------------------------

TEST_F(AccessCommandTest, GrantsNameWhatAndToWhomAndUntilWhen) {
  const CliResult one =
      Run({"grant", "add", "--identifier", "88.108.1001/SN1", "--item", "price", "--item", "cost",
           "--to-application", "retailer", "--ends", "2027-01-31"});
  EXPECT_EQ(one.code, kExitDone) << one.err;
  EXPECT_EQ(one.out, "g1\n");
  EXPECT_THAT(administration().last_request(),
              AllOf(HasSubstr(R"("prefix":"88.108.1001")"), HasSubstr(R"(["price","cost"])"),
                    HasSubstr(R"("endsAt":"2027-01-30T16:00:00Z")")));
  ASSERT_EQ(Run({"grant", "add", "--prefix", "88.108.1001", "--template", "shoe", "--to-enterprise",
                 "91510100MA6DF00287"})
                .code,
            kExitDone);
  EXPECT_THAT(administration().last_request(), Not(HasSubstr("endsAt")));
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{
           {"--template", "shoe", "--to-application", "a"},
           {"--prefix", "88.1.1", "--template", "shoe"},
           {"--prefix", "88.1.1", "--to-application", "a"},
           {"--prefix", "88.1.1", "--template", "s", "--identifier", "88.1.1/x", "--to-application",
            "a"},
           {"--prefix", "88.1.1", "--template", "s", "--to-application", "a", "--to-enterprise",
            "b"},
           {"--prefix", "88.1.1", "--template", "s", "--to-application", "a", "--ends", "never"}}) {
    std::vector<std::string> arguments{"grant", "add"};
    arguments.insert(arguments.end(), wrong.begin(), wrong.end());
    EXPECT_EQ(Run(arguments).code, kExitUsage) << wrong.back();
  }
}

TEST_F(AccessCommandTest, WhoCanSeeWhat) {
  const CliResult who = Run({"grant", "who", "88.108.1001/SN1"});
  EXPECT_EQ(who.code, kExitDone) << who.err;
  EXPECT_THAT(who.out, AllOf(HasSubstr("attributes.colour  public"), HasSubstr("anyone"),
                             HasSubstr("retailer?[31m"), HasSubstr("the owner alone")));
  EXPECT_THAT(Run({"grant", "who", "88.108.1001/SN1", "--json"}).out,
              HasSubstr(R"("visibility":"PRIVATE")"));
  EXPECT_EQ(
      Run({"grant", "preview", "88.108.1001/SN1", "--as-app", "a", "--as-enterprise", "b"}).code,
      kExitUsage);
}

// ---- audit ---------------------------------------------------------------------------------

class AuditCommandTest : public AccessCommandTest {
 protected:
  void AddEntries(int count) {
    for (int i = 0; i < count; ++i) administration().AddAuditEntry("operator", "prefix.admit");
  }
};

TEST_F(AuditCommandTest, ListsNewestFirstWithFilters) {
  AddEntries(3);
  const CliResult listed = Run({"audit", "list"});
  EXPECT_EQ(listed.code, kExitDone) << listed.err;
  EXPECT_LT(listed.out.find("\n     3  "), listed.out.find("\n     1  ")) << listed.out;
  EXPECT_THAT(listed.out, AllOf(HasSubstr("prefix.admit"), HasSubstr("192.0.2.7")));
  Run({"audit", "list", "--from", "2027-01-01", "--who", "user:a", "--action", "prefix.",
       "--target", "88.108.1001", "--refused", "--oldest-first"});
  EXPECT_THAT(administration().last_request(),
              AllOf(HasSubstr(R"("from":"2026-12-31T16:00:00Z")"), HasSubstr(R"("who":"user:a")"),
                    HasSubstr(R"("action":"prefix.")"), HasSubstr(R"("refusedOnly":true)"),
                    HasSubstr(R"("ascending":true)")));
  EXPECT_EQ(Run({"audit", "list", "--from", "yesterday"}).code, kExitUsage);
  administration().SetAuditPage(2);
  const CliResult some = Run({"audit", "list", "--limit", "2", "--json"});
  EXPECT_EQ(std::count(some.out.begin(), some.out.end(), '\n'), 2);
  EXPECT_THAT(some.err, HasSubstr("idnode audit list --page-token"));
}

TEST_F(AuditCommandTest, ExportsOnceAndGoesOn) {
  AddEntries(7);
  administration().SetAuditPage(3);
  const std::string path = folder_.Path("audit.jsonl");
  const CliResult first = Run({"audit", "export", path, "--json"});
  EXPECT_EQ(first.code, kExitDone) << first.err;
  EXPECT_THAT(first.out, HasSubstr(R"({"written":7,"entries":7,"first":1,"last":7)"));
  EXPECT_EQ(ModeOf(path), 0600U);
  const std::string whole = folder_.Read("audit.jsonl");

  // Cut off in the middle of a line, as by a kill: what is missing is written again.
  folder_.Write("audit.jsonl", whole.substr(0, whole.size() / 2));
  ASSERT_EQ(Run({"audit", "export", path}).code, kExitDone);
  EXPECT_EQ(folder_.Read("audit.jsonl"), whole);

  AddEntries(2);
  const CliResult more = Run({"audit", "export", path, "--json"});
  EXPECT_THAT(more.out, HasSubstr(R"({"written":2,"entries":9)"));
  EXPECT_THAT(Run({"audit", "export", path, "--json"}).out, HasSubstr(R"({"written":0)"));

  const CliResult verified = Run({"audit", "verify", "--file", path, "--json"});
  EXPECT_EQ(verified.code, kExitDone) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr(R"({"verified":true,"first":1,"last":9)"));
}

TEST_F(AuditCommandTest, TamperingIsSeenOnTheNodeInTheExportAndInTheFile) {
  AddEntries(5);
  const std::string path = folder_.Path("audit.jsonl");
  ASSERT_EQ(Run({"audit", "export", path}).code, kExitDone);
  EXPECT_THAT(Run({"audit", "verify"}).out, HasSubstr("the chain holds: entries 1 to 5"));

  std::string text = folder_.Read("audit.jsonl");
  text.replace(text.rfind("88.108.1001"), 11, "88.108.6666");
  const std::string forged = folder_.Write("forged.jsonl", text);
  EXPECT_EQ(Run({"audit", "verify", "--file", forged}).code, kExitFailed);
  const CliResult going_on = Run({"audit", "export", forged});
  EXPECT_EQ(going_on.code, kExitFailed);
  EXPECT_EQ(folder_.Read("forged.jsonl"), text);

  administration().TamperWithAuditEntry(4);
  EXPECT_EQ(Run({"audit", "verify"}).code, kExitFailed);
  EXPECT_THAT(Run({"audit", "verify", "--json"}).out,
              AllOf(HasSubstr(R"("verified":false)"), HasSubstr(R"("brokenAt":4)")));
  const CliResult exported = Run({"audit", "export", folder_.Path("again.jsonl")});
  EXPECT_EQ(exported.code, kExitFailed);
  EXPECT_THAT(exported.err, HasSubstr("entry 4"));
}

}  // namespace
}  // namespace idnode::cli
