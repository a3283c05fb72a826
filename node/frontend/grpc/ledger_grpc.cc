#include <memory>
#include <utility>

#include "idnode/v1/ledger.grpc.pb.h"
#include "node/frontend/convert/ledger_convert.h"
#include "node/frontend/grpc/rpc_services.h"

namespace idnode::frontend::rpc {
namespace {

// All of it may read the store, so all of it runs on workers; the checkpoint is in memory.
class LedgerGrpc final : public v1::LedgerService::CallbackService {
 public:
  explicit LedgerGrpc(Face& face)
      : face_(face),
        get_checkpoint_(face.services.metrics, "GetCheckpoint"),
        get_inclusion_proof_(face.services.metrics, "GetInclusionProof"),
        get_consistency_proof_(face.services.metrics, "GetConsistencyProof"),
        get_statement_(face.services.metrics, "GetStatement"),
        list_statements_(face.services.metrics, "ListStatements"),
        add_cosignature_(face.services.metrics, "AddCosignature") {}

  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const v1::GetCheckpointRequest*,
                                          v1::Checkpoint* response) override {
    UnaryCall call(face_, get_checkpoint_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(true, [this, response] { return FillCheckpoint(face_.services, *response); });
    return call.reactor();
  }

  grpc::ServerUnaryReactor* GetInclusionProof(grpc::CallbackServerContext* context,
                                              const v1::GetInclusionProofRequest* request,
                                              v1::InclusionProof* response) override {
    UnaryCall call(face_, get_inclusion_proof_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(false, [this, call, request, response] {
      return FillInclusionProof(face_.services, *call.caller(), request->identifier(),
                                call.deadline(), *response);
    });
    return call.reactor();
  }

  grpc::ServerUnaryReactor* GetConsistencyProof(grpc::CallbackServerContext* context,
                                                const v1::GetConsistencyProofRequest* request,
                                                v1::ConsistencyProof* response) override {
    UnaryCall call(face_, get_consistency_proof_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(false, [this, call, request, response]() -> Result<void> {
      const auto ledger = LedgerOf(face_.services);
      if (!ledger.ok()) return ledger.error();
      const auto proof =
          (*ledger)->ProveConsistency(request->from(), request->to(), call.deadline());
      if (!proof.ok()) return proof.error();
      FillConsistencyProof(*proof, *response);
      return {};
    });
    return call.reactor();
  }

  grpc::ServerUnaryReactor* GetStatement(grpc::CallbackServerContext* context,
                                         const v1::GetStatementRequest* request,
                                         v1::Statement* response) override {
    UnaryCall call(face_, get_statement_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(false, [this, call, request, response]() -> Result<void> {
      const auto ledger = LedgerOf(face_.services);
      if (!ledger.ok()) return ledger.error();
      const auto month = StatementMonth(face_.services, request->month());
      if (!month.ok()) return month.error();
      const auto statement = (*ledger)->Statement(*month, call.deadline());
      if (!statement.ok()) return statement.error();
      FillStatement(*statement, **ledger, *response);
      return {};
    });
    return call.reactor();
  }

  grpc::ServerUnaryReactor* ListStatements(grpc::CallbackServerContext* context,
                                           const v1::ListStatementsRequest*,
                                           v1::ListStatementsResponse* response) override {
    UnaryCall call(face_, list_statements_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(false, [this, call, response]() -> Result<void> {
      const auto ledger = LedgerOf(face_.services);
      if (!ledger.ok()) return ledger.error();
      const auto months = (*ledger)->ClosedMonths(call.deadline());
      if (!months.ok()) return months.error();
      for (const Month month : *months) response->add_months(month.Text());
      return {};
    });
    return call.reactor();
  }

  grpc::ServerUnaryReactor* AddCosignature(grpc::CallbackServerContext* context,
                                           const v1::AddCosignatureRequest* request,
                                           v1::AddCosignatureResponse*) override {
    UnaryCall call(face_, add_cosignature_, *context);
    if (!call.Begin()) return call.reactor();
    call.Run(false, [this, call, request]() -> Result<void> {
      const auto ledger = LedgerOf(face_.services);
      if (!ledger.ok()) return ledger.error();
      IDNODE_RETURN_IF_ERROR(CheckCosignatureNote(request->note()));
      return (*ledger)->AddCosignature(request->note(), call.deadline());
    });
    return call.reactor();
  }

 private:
  Face& face_;
  Operation get_checkpoint_;
  Operation get_inclusion_proof_;
  Operation get_consistency_proof_;
  Operation get_statement_;
  Operation list_statements_;
  Operation add_cosignature_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeLedgerGrpc(Face& face) {
  return std::make_unique<LedgerGrpc>(face);
}

}  // namespace idnode::frontend::rpc
