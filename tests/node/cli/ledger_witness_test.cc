// `idnode witness`: what it cosigns, what it refuses, what it remembers, and its HTTP face.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "node/cli/ledger/follower.h"
#include "node/cli/ledger/http_client.h"
#include "node/cli/ledger/witness.h"
#include "node/cli/ledger/witness_server.h"
#include "node/ledger/signed_note.h"
#include "tests/node/cli/ledger_http_log.h"
#include "tests/node/cli/ledger_log.h"
#include "tests/node/cli/run_cli.h"
#include "tests/node/cli/test_files.h"

namespace idnode::cli {
namespace {

using Kind = FollowOutcome::Kind;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class WitnessTest : public testing::Test {
 protected:
  WitnessTest() {
    log_.AddMonth(kNovember, 600);
    fork_ = log_;
    fork_.leaves()[100].identifier += "x";
  }
  std::string State() const { return folder_.Path("state"); }
  Result<std::unique_ptr<Witness>> TryOpen(const std::string& name = {}) const {
    return Witness::Open(
        State(), name, {{log_.verifier().name(), {log_.verifier(), log_.verifier_sm2()}}}, clock_);
  }
  std::unique_ptr<Witness> Open() const {
    auto witness = TryOpen();
    EXPECT_TRUE(witness.ok()) << witness.error().detail;
    return *std::move(witness);
  }
  std::unique_ptr<Follower> Follow(Witness& witness, const HttpLog& node) const {
    HttpOptions options;
    options.url = node.url();
    options.backoff = std::chrono::milliseconds(1);
    return std::make_unique<Follower>(witness, witness.logs().front(),
                                      HttpClient::Create(options).value());
  }
  static std::vector<ledger::Hash> Proof(const TestLog& log, std::uint64_t from, std::uint64_t to) {
    const auto reader =
        [&](std::span<const ledger::NodeId> nodes) -> Result<std::vector<ledger::Hash>> {
      std::vector<ledger::Hash> hashes;
      for (const ledger::NodeId& node : nodes) {
        std::vector<ledger::Hash> row;
        for (std::uint64_t i = 0; i < std::uint64_t{1} << node.level; ++i) {
          row.push_back(ledger::LeafHash(log.Bytes((node.index << node.level) + i)));
        }
        while (row.size() > 1) {
          for (std::size_t i = 0; i < row.size() / 2; ++i) {
            row[i] = ledger::NodeHash(row[2 * i], row[2 * i + 1]);
          }
          row.resize(row.size() / 2);
        }
        hashes.push_back(row.front());
      }
      return hashes;
    };
    return ledger::ConsistencyProof(from, to, reader).value();
  }
  static std::size_t Files(const std::string& folder) {
    std::error_code error;
    std::size_t files = 0;
    for (auto at = std::filesystem::directory_iterator(folder, error);
         !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
      ++files;
    }
    return files;
  }

  TestFolder folder_;
  TestLog log_;
  TestLog fork_;
  FakeClock clock_{1'795'000'000'000};
};

TEST_F(WitnessTest, CosignatureVerifiesAndTheKeyIsSecret) {
  const auto witness = Open();
  EXPECT_TRUE(witness->is_new());
  struct stat about {};
  ASSERT_EQ(::stat((State() + "/witness.pem").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  const std::string note = log_.SignedHead(300);
  const WitnessAnswer answer = witness->Add({0, {}, note});
  ASSERT_EQ(answer.verdict, WitnessVerdict::kCosigned) << answer.detail;
  const ledger::Verifier keys[] = {log_.verifier(), witness->verifier()};
  const auto opened = ledger::OpenNote(note + answer.signatures, keys);
  ASSERT_TRUE(opened.ok()) << opened.error().detail;
  EXPECT_THAT(opened->verified, SizeIs(2));
  EXPECT_EQ(opened->verified.back().cosigned_at, 1'795'000'000);
}

TEST_F(WitnessTest, AddCheckpointTable) {
  const auto witness = Open();
  const auto post = [&](const AddCheckpointRequest& request) {
    return AnswerWitness(*witness, "POST", "/add-checkpoint", FormatAddCheckpoint(request));
  };
  WitnessHttpAnswer answer = post({0, {}, log_.SignedHead(300)});
  EXPECT_EQ(answer.status, 200U);
  EXPECT_THAT(answer.body, StartsWith("— " + witness->verifier().name() + " "));
  // The same again: refreshed.
  EXPECT_EQ(post({300, {}, log_.SignedHead(300)}).status, 200U);
  // An old size that is not the known one.
  answer = post({0, {}, log_.SignedHead(400)});
  EXPECT_EQ(answer.status, 409U);
  EXPECT_EQ(answer.content_type, "text/x.tlog.size");
  EXPECT_EQ(answer.body, "300\n");
  // An old size beyond the checkpoint.
  EXPECT_EQ(post({300, {}, log_.SignedHead(200)}).status, 400U);
  // A proof that is empty, of another log, or too long.
  EXPECT_EQ(post({300, {}, log_.SignedHead(400)}).status, 422U);
  EXPECT_EQ(post({300, Proof(fork_, 300, 400), fork_.SignedHead(400)}).status, 422U);
  EXPECT_EQ(post({300, {ledger::LeafHash("")}, log_.SignedHead(300)}).status, 422U);
  // Another root of the known size.
  EXPECT_EQ(post({300, {}, fork_.SignedHead(300)}).status, 409U);
  // Another log, and another key of this one's name.
  EXPECT_EQ(post({0, {}, TestLog("other.example").SignedHead(0)}).status, 404U);
  EXPECT_EQ(post({0, {}, TestLog().SignedHead(0)}).status, 403U);
  // Not a request.
  EXPECT_EQ(AnswerWitness(*witness, "POST", "/add-checkpoint", "old 1").status, 400U);
  EXPECT_EQ(AnswerWitness(*witness, "POST", "/add-checkpoint", "old 0\n\nno note\n").status, 400U);
  EXPECT_EQ(AnswerWitness(*witness, "POST", "/add-checkpoint", std::string(70'000, 'x')).status,
            413U);
  EXPECT_EQ(AnswerWitness(*witness, "GET", "/add-checkpoint", "").status, 405U);
  EXPECT_EQ(AnswerWitness(*witness, "GET", "/", "").status, 404U);
  EXPECT_EQ(AnswerWitness(*witness, "GET", "/vkey", "").body, witness->verifier().Vkey() + "\n");
  // None of it changed what is known.
  EXPECT_EQ(witness->Last(log_.verifier().name())->size, 300U);
  EXPECT_EQ(post({300, Proof(log_, 300, 400), log_.SignedHead(400)}).status, 200U);
  EXPECT_THAT(AnswerWitness(*witness, "GET", "/metrics", "").body,
              HasSubstr("idnode_witness_tree_size{origin=\"idnode.example/88.108\"} 400"));
}

TEST_F(WitnessTest, RestartRemembers) {
  std::string vkey;
  {
    const auto witness = Open();
    vkey = witness->verifier().Vkey();
    ASSERT_EQ(witness->Add({0, {}, log_.SignedHead(300)}).verdict, WitnessVerdict::kCosigned);
    EXPECT_EQ(TryOpen().code(), Errc::kDataDirectoryInUse);
  }
  {
    const auto witness = Open();
    EXPECT_FALSE(witness->is_new());
    EXPECT_EQ(witness->verifier().Vkey(), vkey);
    EXPECT_EQ(witness->Last(log_.verifier().name())->size, 300U);
    EXPECT_EQ(witness->Add({0, {}, fork_.SignedHead(300)}).verdict, WitnessVerdict::kOtherSize);
    EXPECT_EQ(witness->Add({300, {}, fork_.SignedHead(300)}).verdict, WitnessVerdict::kForked);
    EXPECT_EQ(Files(State() + "/evidence"), 1U);
    // The same contradiction again is the same file.
    EXPECT_EQ(witness->Add({300, {}, fork_.SignedHead(300)}).verdict, WitnessVerdict::kForked);
    EXPECT_EQ(Files(State() + "/evidence"), 1U);
  }
  EXPECT_EQ(TryOpen("other.example").code(), Errc::kInvalidRequest);
  // A state that was tampered with is not taken for none.
  const std::string state = std::filesystem::directory_iterator(State() + "/logs")->path();
  std::string bytes =
      folder_.Read("state/logs/" + std::filesystem::path(state).filename().string());
  bytes.replace(bytes.find("\n300\n"), 5, "\n200\n");
  folder_.Write("state/logs/" + std::filesystem::path(state).filename().string(), bytes);
  EXPECT_EQ(TryOpen().code(), Errc::kCorruption);
}

TEST_F(WitnessTest, KeptBeforeItIsGivenOut) {
  const auto witness = Open();
  ASSERT_EQ(witness->Add({0, {}, log_.SignedHead(300)}).verdict, WitnessVerdict::kCosigned);
  // Where the state cannot be kept, nothing is signed and nothing is known.
  std::filesystem::rename(State() + "/logs", State() + "/away");
  folder_.Write("state/logs", "in the way");
  const WitnessAnswer answer = witness->Add({300, Proof(log_, 300, 400), log_.SignedHead(400)});
  EXPECT_EQ(answer.verdict, WitnessVerdict::kStateFailure);
  EXPECT_EQ(answer.signatures, "");
  EXPECT_EQ(witness->Last(log_.verifier().name())->size, 300U);
}

TEST_F(WitnessTest, FollowsANodeAndHandsBackItsCosignature) {
  const std::string dir = folder_.Path("log");
  TestLog growing = log_;
  growing.leaves().resize(300);
  growing.Write(dir);
  const HttpLog node(dir);
  const auto witness = Open();
  const auto follower = Follow(*witness, node);
  EXPECT_EQ(follower->Look().kind, Kind::kCosigned);
  EXPECT_EQ(follower->Look().kind, Kind::kUnchanged);
  log_.Write(dir);
  const FollowOutcome grown = follower->Look();
  EXPECT_EQ(grown.kind, Kind::kCosigned) << grown.detail;
  EXPECT_EQ(grown.size, 600U);
  ASSERT_THAT(node.cosigned(), SizeIs(2));
  const ledger::Verifier key[] = {witness->verifier()};
  EXPECT_TRUE(ledger::OpenNote(node.cosigned().back(), key).ok());
}

TEST_F(WitnessTest, ClosingCheckpointsAreCosignedFirst) {
  const std::string dir = folder_.Path("log");
  TestLog log;
  log.AddMonth(kOctober, 300);
  log.Close(kOctober);
  log.AddMonth(kNovember, 300);
  log.Close(kNovember);
  log.AddMonth(kDecember, 20);
  log.Write(dir);
  folder_.Write("log/statements", R"({"months":["2026-10","2026-11"]})");
  const HttpLog node(dir);
  auto witness = Witness::Open(State(), {}, {{log.verifier().name(), {log.verifier()}}}, clock_);
  ASSERT_TRUE(witness.ok());
  const auto follower = Follow(**witness, node);
  const FollowOutcome outcome = follower->Look();
  EXPECT_EQ(outcome.kind, Kind::kCosigned) << outcome.detail;
  const std::vector<std::string> notes = node.cosigned();
  ASSERT_THAT(notes, SizeIs(3));
  const ledger::Verifier key[] = {(*witness)->verifier()};
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const auto opened = ledger::OpenCheckpoint(notes[i], key);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->checkpoint.tree.size, i == 0 ? 300U : i == 1 ? 600U : 620U);
  }
  EXPECT_EQ(follower->Look().kind, Kind::kUnchanged);
  folder_.Write("log/statements", "no list");
  log.AddMonth(kDecember, 5, "X");
  log.Write(dir);
  EXPECT_EQ(follower->Look().kind, Kind::kFailed);
}

TEST_F(WitnessTest, HandsInWhatItSignedAndSaysWhoIsNotKnown) {
  const std::string dir = folder_.Path("log");
  log_.Write(dir);
  unsigned status = 401;
  const HttpLog node(dir, [&](const std::string& method, const auto&, const auto&) {
    return method == "POST" && status != 0 ? HttpLog::Reply{status, "", ""} : HttpLog::Reply{};
  });
  std::string kept;
  {
    const auto witness = Open();
    const auto follower = Follow(*witness, node);
    const FollowOutcome outcome = follower->Look();
    EXPECT_EQ(outcome.kind, Kind::kCosigned);
    EXPECT_THAT(outcome.detail, HasSubstr("the node does not know this witness"));
    kept = witness->LastNote(log_.verifier().name());
    clock_.AdvanceMs(100'000);
    EXPECT_THAT(follower->Look().detail, HasSubstr("does not know this witness"));
    EXPECT_EQ(witness->LastNote(log_.verifier().name()), kept);  // not signed anew
  }
  status = 0;
  const auto witness = Open();
  EXPECT_EQ(Follow(*witness, node)->Look().kind, Kind::kCosigned);
  EXPECT_EQ(witness->LastNote(log_.verifier().name()), kept);
  EXPECT_THAT(node.cosigned(), testing::ElementsAre(kept));
}

TEST_F(WitnessTest, RefusesARollbackAndAFork) {
  const std::string dir = folder_.Path("log");
  TestLog half = log_;
  half.leaves().resize(300);
  half.Write(dir);
  const HttpLog node(dir);
  const auto witness = Open();
  const auto follower = Follow(*witness, node);
  ASSERT_EQ(follower->Look().kind, Kind::kCosigned);
  // An older checkpoint of the same log, such as a cache shows: nothing is rewritten.
  folder_.Write("log/checkpoint", log_.SignedHead(200));
  FollowOutcome outcome = follower->Look();
  EXPECT_EQ(outcome.kind, Kind::kStale) << outcome.detail;
  EXPECT_EQ(witness->refused(), 0U);
  // The node goes back to another history.
  folder_.Write("log/checkpoint", fork_.SignedHead(200));
  outcome = follower->Look();
  EXPECT_EQ(outcome.kind, Kind::kRefused);
  EXPECT_THAT(outcome.detail, HasSubstr("went back from 300 leaves to 200"));
  EXPECT_TRUE(std::filesystem::exists(outcome.evidence));
  // Another root of the same size.
  folder_.Write("log/checkpoint", fork_.SignedHead(300));
  EXPECT_EQ(follower->Look().kind, Kind::kRefused);
  // A longer log that does not begin with what was cosigned.
  fork_.Write(dir);
  outcome = follower->Look();
  EXPECT_EQ(outcome.kind, Kind::kRefused);
  EXPECT_THAT(
      folder_.Read(std::filesystem::path(outcome.evidence).lexically_relative(folder_.Path(""))),
      testing::AllOf(HasSubstr("--- cosigned ---"), HasSubstr("--- refused ---")));
  EXPECT_EQ(Files(State() + "/evidence"), 3U);
  EXPECT_EQ(witness->refused(), 3U);
  EXPECT_THAT(node.cosigned(), SizeIs(1));
  EXPECT_EQ(witness->Last(log_.verifier().name())->size, 300U);
  // The right log goes on.
  log_.Write(dir);
  EXPECT_EQ(follower->Look().kind, Kind::kCosigned);
}

TEST_F(WitnessTest, ServerAnswersOverHttp) {
  const auto witness = Open();
  EXPECT_FALSE(WitnessServer::Start("nonsense", *witness).ok());
  const auto server = WitnessServer::Start("127.0.0.1:0", *witness);
  ASSERT_TRUE(server.ok()) << server.error().detail;
  HttpOptions options;
  options.url = "http://127.0.0.1:" + std::to_string((*server)->port());
  options.attempts = 1;
  const auto client = HttpClient::Create(options);
  HttpRequest request;
  request.method = "POST";
  request.path = "/add-checkpoint";
  request.body = FormatAddCheckpoint({0, {}, log_.SignedHead(300)});
  auto reply = (*client)->Exchange({&request, 1});
  ASSERT_TRUE(reply[0].ok()) << reply[0].error().detail;
  EXPECT_EQ(reply[0]->status, 200U);
  request.body = FormatAddCheckpoint({7, {}, log_.SignedHead(300)});
  reply = (*client)->Exchange({&request, 1});
  ASSERT_TRUE(reply[0].ok());
  EXPECT_EQ(reply[0]->status, 409U);
  EXPECT_EQ(reply[0]->content_type, "text/x.tlog.size");
  EXPECT_EQ(reply[0]->body, "300\n");
}

TEST_F(WitnessTest, CommandLooksOnceAndEndsWithWhatItFound) {
  const std::string dir = folder_.Path("log");
  log_.Write(dir);
  const HttpLog node(dir);
  const std::vector<std::string> arguments{
      "witness", "--state-dir",        State(), "--node", node.url() + "=" + log_.verifier().Vkey(),
      "--name",  "witness.example/w1", "--once"};
  const CliResult first = RunCli(arguments);
  EXPECT_EQ(first.code, kExitDone) << first.err;
  EXPECT_THAT(first.out, StartsWith("witness.example/w1+"));
  EXPECT_THAT(first.out, HasSubstr("cosigned 600 leaves"));
  folder_.Write("log/checkpoint", fork_.SignedHead(600));
  const CliResult second = RunCli(arguments);
  EXPECT_EQ(second.code, kExitFailed);
  EXPECT_THAT(second.err, HasSubstr("REFUSED"));
  EXPECT_EQ(RunCli({"witness", "--state-dir", State(), "--node", "nonsense"}).code, kExitUsage);
  std::vector<std::string> hasty = arguments;
  hasty.insert(hasty.end(), {"--interval", "0"});
  EXPECT_EQ(RunCli(hasty).code, kExitUsage);
}

TEST(AddCheckpointTest, ReadsStrictlyWhatItWrites) {
  AddCheckpointRequest request{20, {ledger::LeafHash("a"), ledger::LeafHash("b")}, "text\n"};
  EXPECT_EQ(ParseAddCheckpoint(FormatAddCheckpoint(request)).value(), request);
  for (const char* bad :
       {"", "old 1\n", "old 1\n\n", "old\n\nx\n", "old 01\n\nx\n", "old -1\n\nx\n", "old 1 \n\nx\n",
        "old 9223372036854775808\n\nx\n", "old 1\nAAAA\n\nx\n", "new 1\n\nx\n"}) {
    EXPECT_FALSE(ParseAddCheckpoint(bad).ok()) << bad;
  }
  request.proof.assign(63, ledger::LeafHash("c"));
  EXPECT_TRUE(ParseAddCheckpoint(FormatAddCheckpoint(request)).ok());
  request.proof.push_back(ledger::LeafHash("d"));
  EXPECT_FALSE(ParseAddCheckpoint(FormatAddCheckpoint(request)).ok());
}

}  // namespace
}  // namespace idnode::cli
