// The working hours' form: a week is one line and a click, and a first one begins with what most have.
// Owns what is filled in before anything is saved. Must not change hours that somebody saved.

const USUAL = "09:00-17:00";
const form = document.getElementById("hours");
const { monday, tuesday, wednesday, thursday, friday, saturday, sunday, enabled, time_zone: zone } = form.elements;
const weekdays = [monday, tuesday, wednesday, thursday, friday];

document.getElementById("like-monday")?.addEventListener("click", () => {
  for (const day of weekdays) day.value = monday.value;
});

if ("unset" in form.dataset) {
  if (zone.value === "UTC" && !enabled.checked) zone.defaultValue = Intl.DateTimeFormat().resolvedOptions().timeZone ?? zone.value;
  enabled.addEventListener("change", () => {
    if (enabled.checked && [...weekdays, saturday, sunday].every((day) => !day.value)) for (const day of weekdays) day.value = USUAL;
  });
}
