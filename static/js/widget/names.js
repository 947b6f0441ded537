// What people are called by. A Vietnamese name begins with the family's and ends with one's own: Lê Thị Mai is Mai.
// Owns that rule. A family name is known by its marks; without them only where no other language has it as a first name.

const FAMILIES = new Set(
  "nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý đinh đoàn trịnh trương lâm đào tô tạ lương tống triệu vương quách thái châu nguyen tran pham huynh".split(" "),
);

export function firstName(name) {
  const parts = name.trim().split(/\s+/);
  const isFamily = parts.length > 1 && FAMILIES.has(parts[0].normalize("NFC").toLowerCase());
  return parts[isFamily ? parts.length - 1 : 0];
}

export const initials = (name) => name.split(/\s+/).map((part) => part[0] ?? "").join("").slice(0, 2).toUpperCase();
