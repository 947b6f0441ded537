// What a page posts by script: the fields of a form, with the token that says the page is ours.

export const token = document.querySelector("meta[name=csrf-token]").content;

export function form(fields = {}) {
  const data = new FormData();
  for (const [name, value] of Object.entries({ csrf_token: token, ...fields })) data.set(name, value);
  return data;
}
