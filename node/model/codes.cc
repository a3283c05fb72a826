#include "node/model/codes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace idnode {
namespace {

// GB 32100-2015: its characters in the order of their values; I, O, S, V and Z are left out.
constexpr std::string_view kCreditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
constexpr std::size_t kCreditModulus = 31;
constexpr std::size_t kCreditChars = 18;
constexpr std::size_t kCreditLeadChars = 17;  // before the check character
// 3^i mod 31.
constexpr std::array<std::size_t, kCreditLeadChars> kCreditWeights = {
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
static_assert(kCreditAlphabet.size() == kCreditModulus);

// The division of the registering authority: characters 3 to 8.
constexpr std::size_t kCreditRegionAt = 2;
constexpr std::size_t kCreditRegionChars = 6;
// The organisation code (GB 11714-1997): characters 9 to 16, and its check character at 17.
constexpr std::size_t kOrganisationAt = 8;
constexpr std::array<std::size_t, 8> kOrganisationWeights = {3, 7, 9, 10, 5, 8, 4, 2};
constexpr std::size_t kOrganisationModulus = 11;

constexpr std::size_t kRegionChars = 6;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string UpperText(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), Upper);
  return upper;
}

Error Invalid(std::string detail) { return Error(Errc::kInvalidRequest, std::move(detail)); }

// How an error names a character: foreign bytes are not repeated.
std::string Shown(char c) {
  const bool printable = c > ' ' && c <= '~' && c != '"';
  return printable ? "\"" + std::string(1, c) + "\"" : std::string("a foreign character");
}

Error WrongAt(std::string_view what, std::size_t index, char c, std::string_view rule) {
  return Invalid(std::string(what) + ": character " + std::to_string(index + 1) + " is " +
                 Shown(c) + "; " + std::string(rule));
}

// GB 11714's values: digits as they are, A 10 to Z 35.
std::size_t OrganisationValue(char c) {
  return static_cast<std::size_t>(IsDigit(c) ? c - '0' : c - 'A' + 10);
}

char OrganisationCheck(std::string_view code) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < kOrganisationWeights.size(); ++i) {
    sum += kOrganisationWeights[i] * OrganisationValue(code[kOrganisationAt + i]);
  }
  const std::size_t check = kOrganisationModulus - sum % kOrganisationModulus;
  if (check == kOrganisationModulus) return '0';
  return check == kOrganisationModulus - 1 ? 'X' : static_cast<char>('0' + check);
}

char CreditCheck(std::string_view code) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < kCreditLeadChars; ++i) {
    sum += kCreditWeights[i] * kCreditAlphabet.find(code[i]);
  }
  return kCreditAlphabet[(kCreditModulus - sum % kCreditModulus) % kCreditModulus];
}

struct Names {
  std::string_view chinese;
  std::string_view english;
};

struct Section {
  char letter;
  int first;  // its divisions
  int last;
  Names names;
};

constexpr std::array<Section, 20> kSections = {{
    {'A', 1, 5, {"农、林、牧、渔业", "Agriculture, forestry, animal husbandry and fishery"}},
    {'B', 6, 12, {"采矿业", "Mining"}},
    {'C', 13, 43, {"制造业", "Manufacturing"}},
    {'D',
     44,
     46,
     {"电力、热力、燃气及水生产和供应业",
      "Electricity, heat, gas and water production and supply"}},
    {'E', 47, 50, {"建筑业", "Construction"}},
    {'F', 51, 52, {"批发和零售业", "Wholesale and retail trade"}},
    {'G', 53, 60, {"交通运输、仓储和邮政业", "Transport, storage and post"}},
    {'H', 61, 62, {"住宿和餐饮业", "Accommodation and catering"}},
    {'I',
     63,
     65,
     {"信息传输、软件和信息技术服务业", "Information transmission, software and IT services"}},
    {'J', 66, 69, {"金融业", "Finance"}},
    {'K', 70, 70, {"房地产业", "Real estate"}},
    {'L', 71, 72, {"租赁和商务服务业", "Leasing and business services"}},
    {'M', 73, 75, {"科学研究和技术服务业", "Scientific research and technical services"}},
    {'N',
     76,
     79,
     {"水利、环境和公共设施管理业", "Water conservancy, environment and public facilities"}},
    {'O', 80, 82, {"居民服务、修理和其他服务业", "Resident, repair and other services"}},
    {'P', 83, 83, {"教育", "Education"}},
    {'Q', 84, 85, {"卫生和社会工作", "Health and social work"}},
    {'R', 86, 90, {"文化、体育和娱乐业", "Culture, sports and entertainment"}},
    {'S',
     91,
     96,
     {"公共管理、社会保障和社会组织",
      "Public administration, social security and social organisations"}},
    {'T', 97, 97, {"国际组织", "International organisations"}},
}};

constexpr int kDivisionLast = 97;

// By number, from division 01.
constexpr std::array<Names, kDivisionLast> kDivisions = {{
    {"农业", "Farming"},
    {"林业", "Forestry"},
    {"畜牧业", "Animal husbandry"},
    {"渔业", "Fishery"},
    {"农、林、牧、渔专业及辅助性活动", "Support of farming, forestry, husbandry and fishery"},
    {"煤炭开采和洗选业", "Coal mining and washing"},
    {"石油和天然气开采业", "Oil and gas extraction"},
    {"黑色金属矿采选业", "Ferrous ore mining and dressing"},
    {"有色金属矿采选业", "Non-ferrous ore mining and dressing"},
    {"非金属矿采选业", "Non-metal ore mining and dressing"},
    {"开采专业及辅助性活动", "Support of mining"},
    {"其他采矿业", "Other mining"},
    {"农副食品加工业", "Processing of farm and sideline food"},
    {"食品制造业", "Food"},
    {"酒、饮料和精制茶制造业", "Liquor, beverages and refined tea"},
    {"烟草制品业", "Tobacco"},
    {"纺织业", "Textiles"},
    {"纺织服装、服饰业", "Garments and accessories"},
    {"皮革、毛皮、羽毛及其制品和制鞋业", "Leather, fur, feather and footwear"},
    {"木材加工和木、竹、藤、棕、草制品业", "Wood, bamboo, rattan, palm and straw"},
    {"家具制造业", "Furniture"},
    {"造纸和纸制品业", "Paper"},
    {"印刷和记录媒介复制业", "Printing and reproduction of recorded media"},
    {"文教、工美、体育和娱乐用品制造业", "Articles for education, art, sports and entertainment"},
    {"石油、煤炭及其他燃料加工业", "Petroleum, coal and other fuels"},
    {"化学原料和化学制品制造业", "Chemicals"},
    {"医药制造业", "Medicines"},
    {"化学纤维制造业", "Chemical fibres"},
    {"橡胶和塑料制品业", "Rubber and plastics"},
    {"非金属矿物制品业", "Non-metallic mineral products"},
    {"黑色金属冶炼和压延加工业", "Smelting and rolling of ferrous metals"},
    {"有色金属冶炼和压延加工业", "Smelting and rolling of non-ferrous metals"},
    {"金属制品业", "Metal products"},
    {"通用设备制造业", "General equipment"},
    {"专用设备制造业", "Special equipment"},
    {"汽车制造业", "Motor vehicles"},
    {"铁路、船舶、航空航天和其他运输设备制造业", "Railway, ship, aerospace and other transport"},
    {"电气机械和器材制造业", "Electrical machinery and apparatus"},
    {"计算机、通信和其他电子设备制造业", "Computers, communication and other electronics"},
    {"仪器仪表制造业", "Instruments and meters"},
    {"其他制造业", "Other manufacturing"},
    {"废弃资源综合利用业", "Use of waste resources"},
    {"金属制品、机械和设备修理业", "Repair of metal products, machinery and equipment"},
    {"电力、热力生产和供应业", "Electricity and heat"},
    {"燃气生产和供应业", "Gas"},
    {"水的生产和供应业", "Water"},
    {"房屋建筑业", "Housing construction"},
    {"土木工程建筑业", "Civil engineering"},
    {"建筑安装业", "Building installation"},
    {"建筑装饰、装修和其他建筑业", "Building decoration and other construction"},
    {"批发业", "Wholesale"},
    {"零售业", "Retail"},
    {"铁路运输业", "Railway transport"},
    {"道路运输业", "Road transport"},
    {"水上运输业", "Water transport"},
    {"航空运输业", "Air transport"},
    {"管道运输业", "Pipeline transport"},
    {"多式联运和运输代理业", "Multimodal transport and forwarding"},
    {"装卸搬运和仓储业", "Handling and storage"},
    {"邮政业", "Post"},
    {"住宿业", "Accommodation"},
    {"餐饮业", "Catering"},
    {"电信、广播电视和卫星传输服务", "Telecommunication, broadcasting and satellite transmission"},
    {"互联网和相关服务", "Internet"},
    {"软件和信息技术服务业", "Software and IT services"},
    {"货币金融服务", "Monetary and financial services"},
    {"资本市场服务", "Capital market services"},
    {"保险业", "Insurance"},
    {"其他金融业", "Other finance"},
    {"房地产业", "Real estate"},
    {"租赁业", "Leasing"},
    {"商务服务业", "Business services"},
    {"研究和试验发展", "Research and development"},
    {"专业技术服务业", "Professional technical services"},
    {"科技推广和应用服务业", "Promotion and application of technology"},
    {"水利管理业", "Water conservancy"},
    {"生态保护和环境治理业", "Ecological protection and environment"},
    {"公共设施管理业", "Public facilities"},
    {"土地管理业", "Land management"},
    {"居民服务业", "Resident services"},
    {"机动车、电子产品和日用产品修理业", "Repair of vehicles, electronics and daily goods"},
    {"其他服务业", "Other services"},
    {"教育", "Education"},
    {"卫生", "Health"},
    {"社会工作", "Social work"},
    {"新闻和出版业", "News and publishing"},
    {"广播、电视、电影和录音制作业", "Radio, television, film and recording"},
    {"文化艺术业", "Culture and art"},
    {"体育", "Sports"},
    {"娱乐业", "Entertainment"},
    {"中国共产党机关", "Organs of the Communist Party of China"},
    {"国家机构", "State institutions"},
    {"人民政协、民主党派", "People's political consultative conference, democratic parties"},
    {"社会保障", "Social security"},
    {"群众团体、社会团体和其他成员组织", "Mass, social and other member organisations"},
    {"基层群众自治组织及其他组织", "Grass-roots self-governing and other organisations"},
    {"国际组织", "International organisations"},
}};

const Section* SectionOf(char letter) {
  const auto* found = std::find_if(kSections.begin(), kSections.end(),
                                   [letter](const Section& each) { return each.letter == letter; });
  return found == kSections.end() ? nullptr : found;
}

const Section* SectionOfDivision(int division) {
  const auto* found = std::find_if(
      kSections.begin(), kSections.end(),
      [division](const Section& each) { return division >= each.first && division <= each.last; });
  return found == kSections.end() ? nullptr : found;
}

struct Province {
  int number;
  Names names;
};

constexpr std::array<Province, 34> kProvinces = {{
    {11, {"北京市", "Beijing"}},
    {12, {"天津市", "Tianjin"}},
    {13, {"河北省", "Hebei"}},
    {14, {"山西省", "Shanxi"}},
    {15, {"内蒙古自治区", "Inner Mongolia"}},
    {21, {"辽宁省", "Liaoning"}},
    {22, {"吉林省", "Jilin"}},
    {23, {"黑龙江省", "Heilongjiang"}},
    {31, {"上海市", "Shanghai"}},
    {32, {"江苏省", "Jiangsu"}},
    {33, {"浙江省", "Zhejiang"}},
    {34, {"安徽省", "Anhui"}},
    {35, {"福建省", "Fujian"}},
    {36, {"江西省", "Jiangxi"}},
    {37, {"山东省", "Shandong"}},
    {41, {"河南省", "Henan"}},
    {42, {"湖北省", "Hubei"}},
    {43, {"湖南省", "Hunan"}},
    {44, {"广东省", "Guangdong"}},
    {45, {"广西壮族自治区", "Guangxi"}},
    {46, {"海南省", "Hainan"}},
    {50, {"重庆市", "Chongqing"}},
    {51, {"四川省", "Sichuan"}},
    {52, {"贵州省", "Guizhou"}},
    {53, {"云南省", "Yunnan"}},
    {54, {"西藏自治区", "Tibet"}},
    {61, {"陕西省", "Shaanxi"}},
    {62, {"甘肃省", "Gansu"}},
    {63, {"青海省", "Qinghai"}},
    {64, {"宁夏回族自治区", "Ningxia"}},
    {65, {"新疆维吾尔自治区", "Xinjiang"}},
    {71, {"台湾省", "Taiwan"}},
    {81, {"香港特别行政区", "Hong Kong"}},
    {82, {"澳门特别行政区", "Macao"}},
}};

int TwoDigits(std::string_view text) { return (text[0] - '0') * 10 + (text[1] - '0'); }

const Province* ProvinceOf(std::string_view code) {
  if (code.size() < 2 || !IsDigit(code[0]) || !IsDigit(code[1])) return nullptr;
  const int number = TwoDigits(code);
  const auto* found =
      std::find_if(kProvinces.begin(), kProvinces.end(),
                   [number](const Province& each) { return each.number == number; });
  return found == kProvinces.end() ? nullptr : found;
}

std::string_view NameIn(const Names& names, bool chinese) {
  return chinese ? names.chinese : names.english;
}

}  // namespace

Result<std::string> CheckCreditCode(std::string_view text) {
  constexpr std::string_view kWhat = "the unified social credit code";
  if (text.size() != kCreditChars) {
    return Invalid(std::string(kWhat) + " has 18 characters, not " + std::to_string(text.size()));
  }
  std::string code = UpperText(text);
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (kCreditAlphabet.find(code[i]) == std::string_view::npos) {
      return WrongAt(kWhat, i, text[i], "it has digits and letters, but not I, O, S, V and Z");
    }
    const bool of_region = i >= kCreditRegionAt && i < kCreditRegionAt + kCreditRegionChars;
    if (of_region && !IsDigit(code[i])) {
      return WrongAt(kWhat, i, text[i], "characters 3 to 8 are a region's digits");
    }
  }
  const char organisation = OrganisationCheck(code);
  if (code[kCreditLeadChars - 1] != organisation) {
    return WrongAt(kWhat, kCreditLeadChars - 1, text[kCreditLeadChars - 1],
                   "the organisation code before it has the check character \"" +
                       std::string(1, organisation) + "\"; a character is wrong");
  }
  const char check = CreditCheck(code);
  if (code.back() != check) {
    return WrongAt(kWhat, kCreditChars - 1, text.back(),
                   "those before it have the check character \"" + std::string(1, check) +
                       "\"; a character is wrong");
  }
  return code;
}

Result<std::string> CheckIndustry(std::string_view text) {
  constexpr std::string_view kForm =
      "an industry is a code of GB/T 4754, such as C, C19, C195 or C1952";
  if (text.empty()) return Invalid("give the industry: " + std::string(kForm));
  std::string_view digits = text;
  const char letter = Upper(text.front());
  const bool lettered = letter >= 'A' && letter <= 'Z';
  if (lettered) digits.remove_prefix(1);
  if (digits.size() > 4 || digits.size() == 1 || (digits.empty() && !lettered) ||
      !std::all_of(digits.begin(), digits.end(), IsDigit)) {
    return Invalid(std::string(kForm));
  }
  const Section* section = lettered ? SectionOf(letter) : SectionOfDivision(TwoDigits(digits));
  if (lettered && section == nullptr) {
    return Invalid("GB/T 4754 has the sections A to T, not " + Shown(letter));
  }
  if (digits.empty()) return std::string(1, section->letter);
  const Section* of_division = SectionOfDivision(TwoDigits(digits));
  if (of_division == nullptr) {
    return Invalid("GB/T 4754 has the divisions 01 to 97, not " + std::string(digits.substr(0, 2)));
  }
  if (of_division != section) {
    return Invalid("division " + std::string(digits.substr(0, 2)) + " is of section " +
                   std::string(1, of_division->letter) + ", not of " + std::string(1, letter));
  }
  return std::string(1, section->letter) + std::string(digits);
}

std::string_view IndustryName(std::string_view code, bool chinese) {
  const auto checked = CheckIndustry(code);
  if (!checked.ok()) return {};
  if (checked->size() == 1) return NameIn(SectionOf(checked->front())->names, chinese);
  const int division = TwoDigits(std::string_view(*checked).substr(1));
  return NameIn(kDivisions[static_cast<std::size_t>(division - 1)], chinese);
}

Result<std::string> CheckRegion(std::string_view text) {
  if (text.size() != kRegionChars || !std::all_of(text.begin(), text.end(), IsDigit)) {
    return Invalid("a region is a code of GB/T 2260, six digits, such as 440100");
  }
  if (ProvinceOf(text) == nullptr) {
    return Invalid("GB/T 2260 has no province with the number " + std::string(text.substr(0, 2)));
  }
  if (text.substr(2, 2) == "00" && text.substr(4, 2) != "00") {
    return Invalid("the region names a county without its city: digits 3 and 4 are 00");
  }
  return std::string(text);
}

std::string_view ProvinceName(std::string_view code, bool chinese) {
  const Province* province = ProvinceOf(code);
  return province == nullptr ? std::string_view() : NameIn(province->names, chinese);
}

}  // namespace idnode
