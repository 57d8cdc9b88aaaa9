/* Units and what is counted. */
#include "text/normalise_zh_rules.h"

struct unit {
    const char *sign, *name;
    const char *per; /* what the sign divides by: "每小时" */
};

/* A longer sign stands before the shorter one that it starts with. */
static const struct unit units[] = {
    {"km/h", "公里", "小时"},    {"km/s", "公里", "秒"},      {"kmh", "公里", "小时"},
    {"m/s²", "米", "二次方秒"},  {"m/s2", "米", "二次方秒"},  {"m/s", "米", "秒"},
    {"m/min", "米", "分钟"},     {"mph", "英里", "小时"},     {"rpm", "转", "分钟"},
    {"Mbps", "兆比特", "秒"},    {"Gbps", "吉比特", "秒"},    {"kbps", "千比特", "秒"},
    {"Kbps", "千比特", "秒"},    {"bps", "比特", "秒"},       {"MB/s", "兆字节", "秒"},
    {"GB/s", "吉字节", "秒"},    {"KB/s", "千字节", "秒"},    {"Mb/s", "兆比特", "秒"},
    {"mg/L", "毫克", "升"},      {"mg/dL", "毫克", "分升"},   {"g/L", "克", "升"},
    {"g/cm³", "克", "立方厘米"}, {"g/cm3", "克", "立方厘米"}, {"kg/m³", "千克", "立方米"},
    {"kg/m3", "千克", "立方米"}, {"mmol/L", "毫摩尔", "升"},  {"mol/L", "摩尔", "升"},
    {"μg/m³", "微克", "立方米"}, {"km²", "平方公里", NULL},   {"km2", "平方公里", NULL},
    {"㎢", "平方公里", NULL},    {"cm²", "平方厘米", NULL},   {"cm2", "平方厘米", NULL},
    {"mm²", "平方毫米", NULL},   {"mm2", "平方毫米", NULL},   {"m²", "平方米", NULL},
    {"m2", "平方米", NULL},      {"㎡", "平方米", NULL},      {"cm³", "立方厘米", NULL},
    {"cm3", "立方厘米", NULL},   {"mm³", "立方毫米", NULL},   {"m³", "立方米", NULL},
    {"m3", "立方米", NULL},      {"km", "公里", NULL},        {"㎞", "公里", NULL},
    {"dm", "分米", NULL},        {"cm", "厘米", NULL},        {"㎝", "厘米", NULL},
    {"mmHg", "毫米汞柱", NULL},  {"mmol", "毫摩尔", NULL},    {"mm", "毫米", NULL},
    {"㎜", "毫米", NULL},        {"μm", "微米", NULL},        {"µm", "微米", NULL},
    {"um", "微米", NULL},        {"nm", "纳米", NULL},        {"kWh", "千瓦时", NULL},
    {"kW·h", "千瓦时", NULL},    {"mAh", "毫安时", NULL},     {"kHz", "千赫兹", NULL},
    {"KHz", "千赫兹", NULL},     {"MHz", "兆赫兹", NULL},     {"GHz", "吉赫兹", NULL},
    {"Hz", "赫兹", NULL},        {"kg", "千克", NULL},        {"KG", "千克", NULL},
    {"Kg", "千克", NULL},        {"㎏", "千克", NULL},        {"mg", "毫克", NULL},
    {"μg", "微克", NULL},        {"µg", "微克", NULL},        {"g", "克", NULL},
    {"mL", "毫升", NULL},        {"ml", "毫升", NULL},        {"ML", "毫升", NULL},
    {"㎖", "毫升", NULL},        {"L", "升", NULL},           {"l", "升", NULL},
    {"kPa", "千帕", NULL},       {"MPa", "兆帕", NULL},       {"hPa", "百帕", NULL},
    {"Pa", "帕", NULL},          {"kJ", "千焦", NULL},        {"J", "焦耳", NULL},
    {"kcal", "千卡", NULL},      {"cal", "卡", NULL},         {"kW", "千瓦", NULL},
    {"KW", "千瓦", NULL},        {"MW", "兆瓦", NULL},        {"GW", "吉瓦", NULL},
    {"W", "瓦", NULL},           {"kV", "千伏", NULL},        {"mV", "毫伏", NULL},
    {"V", "伏", NULL},           {"mA", "毫安", NULL},        {"kΩ", "千欧", NULL},
    {"MΩ", "兆欧", NULL},        {"Ω", "欧姆", NULL},         {"dB", "分贝", NULL},
    {"℃", "摄氏度", NULL},       {"°C", "摄氏度", NULL},      {"℉", "华氏度", NULL},
    {"°F", "华氏度", NULL},      {"°", "度", NULL},           {"min", "分钟", NULL},
    {"ms", "毫秒", NULL},        {"h", "小时", NULL},         {"s", "秒", NULL},
    {"ft", "英尺", NULL},        {"lbs", "磅", NULL},         {"lb", "磅", NULL},
    {"oz", "盎司", NULL},        {"px", "像素", NULL},        {"ha", "公顷", NULL},
    {"mol", "摩尔", NULL},       {"t", "吨", NULL},           {"m", "米", NULL},
};

/* A letter or digit behind a sign shows that it was none: "5mp3". */
static bool ends_at(const struct ora_zh *z, size_t i)
{
    uint32_t cp = ora_zh_at(z, i);
    return !ora_zh_latin(z, i) && !ora_zh_digit(z, i) && !(cp >= 0xB2 && cp <= 0xB3);
}

size_t ora_zh_unit(const struct ora_zh *z, size_t i, const char **name, const char **per)
{
    size_t best = 0;
    for (size_t k = 0; k < sizeof units / sizeof *units; k++) {
        size_t n = ora_zh_is(z, i, units[k].sign);
        if (n > best && ends_at(z, i + n)) {
            best = n;
            *name = units[k].name;
            *per = units[k].per;
        }
    }
    return best;
}

bool ora_zh_counts(const struct ora_zh *z, size_t i)
{
    static const char counters[] = "个 個 只 条 本 位 次 张 件 天 年 点 小时 分 秒 周 岁 倍 种 家 间 名 台 "
                                   "辆 座 块 元 美元 欧元 英镑 日元 人 口 杯 碗 瓶 "
                                   "盒 包 袋 箱 套 双 对 层 段 篇 首 部 场 代 批 组 队 排 行 列 门 节 轮 遍 "
                                   "趟 声 句 字 页 封 支 枝 根 颗 粒 片 朵 棵 株 头 匹 "
                                   "架 艘 栋 幢 处 项 款 份 万 亿 千 百 吨 斤 公斤 公里 公顷 米 厘米 毫米 升 "
                                   "毫升 克 千克 平方 立方 刻 半 星期 礼拜 把 顶 道 "
                                   "顿 股 类 例 枚 面 幅 副 盘 扇 所 滴 桶 度 摄氏度 里 英里 英尺 英寸 磅 "
                                   "盎司 亩 寸 尺 丈 角 毛 者 方 边 地 国 省 州 岸 极 "
                                   "票 集 章节 步 拳 脚 夜 晚 旬 载 世 国 党 院";
    return ora_zh_in(z, i, counters) > 0;
}
