#include "node/frontend/http/snms/listing.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "node/base/text.h"

namespace idnode::frontend::http::snms {
namespace {

constexpr std::uint32_t kListPage = 1'000;
constexpr std::int64_t kDayMs = 24 * 3'600'000;
constexpr std::size_t kDateOnlySize = 10;

Result<std::int64_t> Positive(const Call& call, std::string_view name, std::int64_t otherwise) {
  const std::string text = call.Parameter(name);
  if (text.empty()) return otherwise;
  std::int64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || end != text.data() + text.size() || number < 1) {
    return Refusal(std::string("请求参数应为正整数: ").append(name));
  }
  return number;
}

}  // namespace

Result<Paging> ReadPaging(const Call& call) {
  const auto page = Positive(call, "currentPage", 1);
  if (!page.ok()) return page.error();
  const auto size = Positive(call, "pageSize", kPageSizeDefault);
  if (!size.ok()) return size.error();
  return Paging{*page, std::min(*size, kPageSizeMax)};
}

Result<DateRange> ReadDates(const Call& call) {
  DateRange range;
  if (const std::string from = call.Parameter("startDate"); !from.empty()) {
    const auto ms = ParseBeijingTime(from, "startDate");
    if (!ms.ok()) return ms.error();
    range.from_ms = *ms;
  }
  if (const std::string to = call.Parameter("endDate"); !to.empty()) {
    const auto ms = ParseBeijingTime(to, "endDate");
    if (!ms.ok()) return ms.error();
    // Up to the end of the second, or of the day, that is named.
    range.to_ms = *ms + (to.size() == kDateOnlySize ? kDayMs : 1'000) - 1;
  }
  return range;
}

std::string PageJson(const Paging& paging, std::size_t total,
                     const std::function<void(std::size_t, std::string&)>& append) {
  const auto size = static_cast<std::size_t>(paging.size);
  const std::size_t pages = (total + size - 1) / size;
  const auto page = static_cast<std::size_t>(paging.page) - 1;
  const std::size_t begin = page >= pages ? total : page * size;
  const std::size_t end = std::min(total, begin + size);
  std::string out;
  ObjectJson object(out);
  std::string& content = object.Json("content");
  content.push_back('[');
  for (std::size_t i = begin; i < end; ++i) {
    if (i > begin) content.push_back(',');
    append(i, content);
  }
  content.push_back(']');
  object.Number("totalElements", static_cast<std::int64_t>(total))
      .Number("totalPages", static_cast<std::int64_t>(pages))
      .Number("size", paging.size)
      .Number("number", paging.page)
      .Flag("first", page == 0)
      .Flag("last", page + 1 >= pages)
      .Number("numberOfElements", static_cast<std::int64_t>(end - begin))
      .Flag("empty", begin == end)
      .Null("sort");
  object.End();
  return out;
}

std::int64_t NumberOf(std::string_view key) {
  constexpr std::size_t kBytes = 6;
  const Digest digest = Sha256(key);
  std::int64_t number = 0;
  for (std::size_t i = 0; i < kBytes; ++i) number = number << 8 | digest[i];
  return std::max<std::int64_t>(number, 1);
}

Result<std::vector<service::EnterpriseInfo>> AllEnterprises(const Context& context,
                                                            const Call& call,
                                                            std::string_view name_contains) {
  service::EnterpriseQuery query;
  query.page_size = kListPage;
  query.name_contains = name_contains;
  std::vector<service::EnterpriseInfo> all;
  do {
    auto page = context.services.admin.enterprises.List(call.actor(), query);
    if (!page.ok()) return page.error();
    std::move(page->enterprises.begin(), page->enterprises.end(), std::back_inserter(all));
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return all;
}

Result<std::vector<service::PrefixInfo>> AllPrefixes(const Context& context, const Call& call,
                                                     std::string_view enterprise) {
  service::PrefixQuery query;
  query.page_size = kListPage;
  query.enterprise = enterprise;
  std::vector<service::PrefixInfo> all;
  do {
    auto page = context.services.prefixes.List(call.actor(), query);
    if (!page.ok()) return page.error();
    std::move(page->prefixes.begin(), page->prefixes.end(), std::back_inserter(all));
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return all;
}

}  // namespace idnode::frontend::http::snms
