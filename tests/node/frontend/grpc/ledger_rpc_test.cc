#include <string>

#include <gtest/gtest.h>

#include "idnode/v1/ledger.grpc.pb.h"
#include "node/frontend/convert/ledger_convert.h"
#include "tests/node/frontend/fake_ledger.h"
#include "tests/node/frontend/grpc/grpc_node.h"

namespace idnode::frontend {
namespace {

using testing::FakeLedger;
using testing::StatementOf;

ledger::Hash HashOf(const std::string& bytes) {
  ledger::Hash hash{};
  EXPECT_EQ(bytes.size(), hash.size());
  if (bytes.size() == hash.size()) std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

template <typename Message>
std::vector<ledger::Hash> Hashes(const Message& message) {
  std::vector<ledger::Hash> hashes;
  for (const auto& hash : message.hashes()) hashes.push_back(HashOf(hash));
  return hashes;
}

class LedgerRpcTest : public ::testing::Test {
 protected:
  LedgerRpcTest() : node_({}, {}, &ledger_), stub_(v1::LedgerService::NewStub(node_.channel)) {}

  void Fill(int leaves) {
    for (int i = 0; i < leaves; ++i) {
      ledger_.Add("88.108.1001/L" + std::to_string(i), Sha256(std::to_string(i)));
    }
  }
  // The slug of an error, empty for success.
  template <typename Request, typename Response>
  std::string Call(grpc::Status (v1::LedgerService::Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Response*),
                   const Request& request, Response& response, bool authorized = false) {
    grpc::ClientContext context;
    if (authorized) node_.Authorize(context);
    const auto status = ((*stub_).*method)(&context, request, &response);
    return status.ok() ? std::string() : ErrorOf(context).slug + ":" + ErrorOf(context).field;
  }

  FakeLedger ledger_;
  GrpcNode node_;
  std::unique_ptr<v1::LedgerService::Stub> stub_;
};

using Stub = v1::LedgerService::Stub;

TEST_F(LedgerRpcTest, ShowsTheCheckpointToAnyone) {
  Fill(3);
  v1::Checkpoint checkpoint;
  ASSERT_EQ(Call(&Stub::GetCheckpoint, v1::GetCheckpointRequest(), checkpoint), "");
  EXPECT_EQ(checkpoint.origin(), FakeLedger::kOrigin);
  EXPECT_EQ(checkpoint.tree().size(), 3U);
  EXPECT_EQ(HashOf(checkpoint.tree().root()), ledger_.Head(3).root);
  EXPECT_EQ(checkpoint.verifier_key(), ledger_.VerifierKey());
  EXPECT_EQ(checkpoint.verifier_key_sm2(), ledger_.VerifierKeySm2());
  const auto opened = ledger::OpenCheckpoint(checkpoint.note(), ledger_.Verifiers());
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->checkpoint.tree, ledger_.Head(3));
}

TEST_F(LedgerRpcTest, ProvesInclusion) {
  Fill(20);
  v1::GetInclusionProofRequest request;
  request.set_identifier("88.108.1001/l7");
  v1::InclusionProof proof;
  // Nobody may see the leaf of a record that is not there, but its hash is proved.
  ASSERT_EQ(Call(&Stub::GetInclusionProof, request, proof), "");
  EXPECT_EQ(proof.leaf(), "");
  EXPECT_EQ(proof.index(), 7U);
  EXPECT_EQ(proof.tree_size(), 20U);
  EXPECT_TRUE(ledger::VerifyInclusion(HashOf(proof.leaf_hash()), 7, 20, Hashes(proof),
                                      ledger_.Head(20).root)
                  .ok());
  v1::InclusionProof full;
  ASSERT_EQ(Call(&Stub::GetInclusionProof, request, full, true), "");
  EXPECT_EQ(ledger::LeafHash(full.leaf()), HashOf(full.leaf_hash()));
  request.set_identifier("88.108.1001/none");
  EXPECT_EQ(Call(&Stub::GetInclusionProof, request, proof), "identifier-not-found:");
  for (const std::string& wrong : {std::string(), std::string(kProofIdentifierBytesMax + 1, 'x')}) {
    request.set_identifier(wrong);
    EXPECT_EQ(Call(&Stub::GetInclusionProof, request, proof), "invalid-identifier:identifier");
  }
}

TEST_F(LedgerRpcTest, ProvesConsistency) {
  Fill(20);
  v1::GetConsistencyProofRequest request;
  request.set_from(7);
  v1::ConsistencyProof proof;
  ASSERT_EQ(Call(&Stub::GetConsistencyProof, request, proof), "");
  EXPECT_EQ(proof.from(), 7U);
  EXPECT_EQ(proof.to(), 20U);
  EXPECT_TRUE(
      ledger::VerifyConsistency(7, ledger_.Head(7).root, 20, ledger_.Head(20).root, Hashes(proof))
          .ok());
  EXPECT_TRUE(ledger::OpenCheckpoint(proof.checkpoint(), ledger_.Verifiers()).ok());
  request.set_to(21);
  EXPECT_EQ(Call(&Stub::GetConsistencyProof, request, proof), "invalid-request:to");
}

TEST_F(LedgerRpcTest, ShowsStatements) {
  Fill(20);
  const Month october = *Month::Parse("2026-10");
  const Month november = *Month::Parse("2026-11");
  ledger_.SetStatement(StatementOf(ledger_, october, 5, ledger::StatementStatus::kFinal));
  ledger_.SetStatement(StatementOf(ledger_, november, 20, ledger::StatementStatus::kProvisional));
  v1::GetStatementRequest request;
  v1::Statement statement;
  ASSERT_EQ(Call(&Stub::GetStatement, request, statement), "");
  EXPECT_EQ(statement.month(), "2026-11") << "the running month";
  EXPECT_EQ(statement.status(), v1::PROVISIONAL);
  request.set_month("2026-10");
  ASSERT_EQ(Call(&Stub::GetStatement, request, statement), "");
  EXPECT_EQ(statement.status(), v1::FINAL);
  EXPECT_EQ(statement.first_ever(), 15);
  EXPECT_EQ(statement.tree_end().size() - statement.tree_start().size(), 15U);
  EXPECT_EQ(statement.breakdowns_size(), 2);
  EXPECT_EQ(statement.previous(), "");
  EXPECT_TRUE(ledger::OpenNote(statement.note(), ledger_.Verifiers()).ok());
  EXPECT_TRUE(ledger::OpenCheckpoint(statement.checkpoint(), ledger_.Verifiers()).ok());
  request.set_month("2026-09");
  EXPECT_EQ(Call(&Stub::GetStatement, request, statement), "not-found:");
  request.set_month("november");
  EXPECT_EQ(Call(&Stub::GetStatement, request, statement), "invalid-request:month");
  v1::ListStatementsResponse list;
  ASSERT_EQ(Call(&Stub::ListStatements, v1::ListStatementsRequest(), list), "");
  ASSERT_EQ(list.months_size(), 1);
  EXPECT_EQ(list.months(0), "2026-10");
}

TEST_F(LedgerRpcTest, TakesCosignaturesUpToABound) {
  Fill(3);
  v1::AddCosignatureRequest request;
  v1::AddCosignatureResponse response;
  request.set_note(*ledger_.Checkpoint());
  EXPECT_EQ(Call(&Stub::AddCosignature, request, response), "");
  EXPECT_EQ(ledger_.cosignatures(), std::vector<std::string>{request.note()});
  request.set_note("");
  EXPECT_EQ(Call(&Stub::AddCosignature, request, response), "invalid-request:note");
  request.set_note(std::string(kCosignatureNoteBytesMax, 'x'));
  EXPECT_EQ(Call(&Stub::AddCosignature, request, response), "invalid-request:");
  request.set_note(std::string(kCosignatureNoteBytesMax + 1, 'x'));
  EXPECT_EQ(Call(&Stub::AddCosignature, request, response), "payload-too-large:note");
}

TEST_F(LedgerRpcTest, RegistrationCarriesReceiptsWhereAskedFor) {
  ledger_.SetReceipt({100, 1000});
  auto request = RegisterRequest({"88.108.1001/A", "88.108.1001/B"});
  request.set_wait_for_ledger(true);
  v1::BatchRegisterResponse response;
  ASSERT_TRUE(node_.Register(request, response).ok());
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(0).leaf_index(), 100U);
  EXPECT_EQ(response.results(1).leaf_index(), 101U);
  EXPECT_EQ(response.results(1).tree_size(), 1000U);
  response.Clear();
  ASSERT_TRUE(node_.Register(RegisterRequest({"88.108.1001/C"}), response).ok());
  EXPECT_FALSE(response.results(0).has_leaf_index());
}

TEST_F(LedgerRpcTest, SaysWhatTheServiceSays) {
  ledger_.FailWith(Error(Errc::kUnavailable, "/var/lib/idnode is gone"));
  v1::Checkpoint checkpoint;
  EXPECT_EQ(Call(&Stub::GetCheckpoint, v1::GetCheckpointRequest(), checkpoint), "unavailable:");
  v1::ListStatementsResponse list;
  EXPECT_EQ(Call(&Stub::ListStatements, v1::ListStatementsRequest(), list), "unavailable:");
}

TEST(NoLedgerRpcTest, SaysThatThereIsNone) {
  GrpcNode node;
  const auto stub = v1::LedgerService::NewStub(node.channel);
  grpc::ClientContext context;
  v1::Checkpoint checkpoint;
  const auto status = stub->GetCheckpoint(&context, v1::GetCheckpointRequest(), &checkpoint);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_NE(status.error_message().find("keeps no ledger"), std::string::npos);
}

}  // namespace
}  // namespace idnode::frontend
