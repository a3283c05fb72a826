// Uploads of what ent/apply refers to: licences and the like.
#include "node/frontend/http/snms/call.h"
#include "node/frontend/http/snms/multipart.h"

namespace idnode::frontend::http::snms {

Result<Reply> UploadFile(const Context& context, const Call& call) {
  // Files are part of admitting an enterprise.
  IDNODE_RETURN_IF_ERROR(context.services.admin.audit.Permit(
      call.actor(), service::Action::kEnterpriseCreate, false, "file"));
  if (context.files == nullptr) return Refusal("本节点未启用文件上传");
  const auto boundary = FormBoundary(call.request->Get(Header::kContentType));
  if (!boundary.ok()) return boundary.error();
  const auto file = FindFormFile(call.request->body, *boundary, "file");
  if (!file.ok()) return file.error();
  const auto stored = context.files->Put(file->content);
  if (!stored.ok()) return stored.error();
  std::string data;
  ObjectJson object(data);
  object.Number("id", stored->id).Text("path", stored->path);
  object.End();
  return Reply::Success(std::move(data));
}

}  // namespace idnode::frontend::http::snms
