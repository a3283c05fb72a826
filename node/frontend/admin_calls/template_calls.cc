#include <utility>

#include "node/frontend/admin_calls/admin_calls.h"
#include "node/frontend/convert/admin_convert.h"

namespace idnode::frontend::admin_calls {
namespace {

template <typename Response>
Result<Response> TemplateAnswer(const Result<service::TemplateRef>& found, v1::TemplateForm form) {
  if (!found.ok()) return found.error();
  Response response;
  IDNODE_RETURN_IF_ERROR(FillTemplate(**found, form, true, *response.mutable_template_()));
  return response;
}

// Where 0 would otherwise be taken for "the newest".
Result<void> CheckVersion(const v1::TemplateName& request) {
  if (request.version() != 0) return {};
  return Error(Errc::kInvalidRequest, "name the version; the first one is 1", "version");
}

}  // namespace

Result<v1::PutTemplateResponse> PutTemplate(const service::Services& services,
                                            const service::Actor& actor,
                                            const v1::PutTemplateRequest& request,
                                            Deadline deadline) {
  auto content = ToTemplate(request);
  if (!content.ok()) return content.error();
  return TemplateAnswer<v1::PutTemplateResponse>(
      services.admin.templates.Put(actor, request.owner(), request.name(), *std::move(content),
                                   deadline),
      request.form());
}

Result<v1::PublishTemplateResponse> PublishTemplate(const service::Services& services,
                                                    const service::Actor& actor,
                                                    const v1::TemplateName& request,
                                                    Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(CheckVersion(request));
  return TemplateAnswer<v1::PublishTemplateResponse>(
      services.admin.templates.Publish(actor, request.owner(), request.name(), request.version(),
                                       deadline),
      v1::JSON_SCHEMA);
}

Result<v1::WithdrawTemplateResponse> WithdrawTemplate(const service::Services& services,
                                                      const service::Actor& actor,
                                                      const v1::TemplateName& request,
                                                      Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(CheckVersion(request));
  return TemplateAnswer<v1::WithdrawTemplateResponse>(
      services.admin.templates.Withdraw(actor, request.owner(), request.name(), request.version(),
                                        deadline),
      v1::JSON_SCHEMA);
}

Result<v1::DeleteTemplateResponse> DeleteTemplate(const service::Services& services,
                                                  const service::Actor& actor,
                                                  const v1::TemplateName& request,
                                                  Deadline deadline) {
  IDNODE_RETURN_IF_ERROR(CheckVersion(request));
  IDNODE_RETURN_IF_ERROR(services.admin.templates.Delete(actor, request.owner(), request.name(),
                                                         request.version(), deadline));
  return v1::DeleteTemplateResponse();
}

Result<v1::GetTemplateResponse> GetTemplate(const service::Services& services,
                                            const service::Actor& actor,
                                            const v1::GetTemplateRequest& request, Deadline) {
  return TemplateAnswer<v1::GetTemplateResponse>(
      services.admin.templates.Get(actor, request.owner(), request.name(), request.version()),
      request.form());
}

Result<v1::ListTemplatesResponse> ListTemplates(const service::Services& services,
                                                const service::Actor& actor,
                                                const v1::ListTemplatesRequest& request, Deadline) {
  const auto page = services.admin.templates.List(actor, request.owner(), request.page_size(),
                                                  request.page_token());
  if (!page.ok()) return page.error();
  v1::ListTemplatesResponse response;
  for (const auto& info : page->templates) {
    IDNODE_RETURN_IF_ERROR(FillTemplate(*info, v1::JSON_SCHEMA, false, *response.add_templates()));
  }
  response.set_next_page_token(page->next_page_token);
  return response;
}

}  // namespace idnode::frontend::admin_calls
