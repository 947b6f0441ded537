// Dates in the reader's language and zone: the account's zone where one is chosen, else the browser's.

export function showDates(root) {
  const { lang } = document.documentElement;
  const timeZone = document.documentElement.dataset.timeZone || undefined;
  const format = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short", hour12: false, timeZone });
  for (const element of root.querySelectorAll("time[data-date]")) {
    element.textContent = format.format(new Date(element.dateTime));
  }
}
