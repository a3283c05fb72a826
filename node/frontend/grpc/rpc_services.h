#pragma once

#include <memory>

#include <grpcpp/grpcpp.h>

#include "node/frontend/grpc/call.h"

namespace idnode::frontend::rpc {

// The services of idnode.v1, one file each. They hold no state of their own; `face` outlives them.
std::unique_ptr<grpc::Service> MakeRegistrationGrpc(Face& face);
std::unique_ptr<grpc::Service> MakeResolutionGrpc(Face& face);
std::unique_ptr<grpc::Service> MakeVolumeGrpc(Face& face);
std::unique_ptr<grpc::Service> MakeAccessGrpc(Face& face);
std::unique_ptr<grpc::Service> MakeEnterpriseGrpc(Face& face);
std::unique_ptr<grpc::Service> MakePrefixGrpc(Face& face);
std::unique_ptr<grpc::Service> MakeTemplateGrpc(Face& face);
std::unique_ptr<grpc::Service> MakeAuditGrpc(Face& face);
std::unique_ptr<grpc::Service> MakeOperationGrpc(Face& face);
std::unique_ptr<grpc::Service> MakeLedgerGrpc(Face& face);

}  // namespace idnode::frontend::rpc
