// Which project this page shows, told with what its scripts ask: it goes on in its own, whichever one its reader went on
// to in another tab. Owns that header; what is posted says it with its token (static/js/form.js).

const { project } = document.body.dataset;

export const own = project ? { "X-Tandem-Project": project } : {};
