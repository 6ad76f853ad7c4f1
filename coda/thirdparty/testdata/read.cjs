// Reads a doc with coda-js and prints all that it was given as one JSON object.
//
//     CODA_API_TOKEN=… node read.cjs BASE_URL DOC TABLE
//
// coda-js (4.2.1) is of 2021, and differs from what the service offers today:
//
// - It has no setting for the service's address, so this reaches into it.
// - Its lists give their first page only. Table.listRowsPaginatedByToken alone tells the token.
// - Of an error it keeps the class and drops the service's message. There is a class for 410,
//   but it is never thrown: that comes as axios's own error, as does any 5xx.
// - Doc.listSections asks for …/sections, which the service called pages later. Coda.listPages
//   is right.
// - It puts ids and names into paths as they are, without escaping them.
// - It adds docId and tableId, which the service doesn't send, to what it gives.
const { Coda } = require('coda-js')

async function read(base, docId, tableId) {
  const coda = connect(base, process.env.CODA_API_TOKEN)
  const doc = await coda.getDoc(docId)
  const table = await doc.getTable(tableId)
  return {
    user: await coda.whoAmI(),
    docs: await coda.listDocs(),
    ownedDocs: await coda.listDocs({ isOwner: true }),
    doc,
    pages: await coda.listPages(docId),
    tables: await doc.listTables(),
    table,
    columns: await table.listColumns(),
    rows: await table.listRows({ useColumnNames: true, limit: 100 }),
    rowsByPage: await rowsByPage(table, { useColumnNames: true, limit: 7 }),
    unknownDoc: await nameOfError(coda.getDoc('No-such_doc')),
    wrongPage: await nameOfError(table.listRows({ pageToken: 'no-such-page' })),
    wrongToken: await nameOfError(connect(base, 'another-token').whoAmI()),
  }
}

function connect(base, token) {
  const coda = new Coda(token)
  coda.API._axiosInstance.defaults.baseURL = base
  return coda
}

async function rowsByPage(table, params) {
  const pages = []
  for (;;) {
    const { items, token } = await table.listRowsPaginatedByToken(params)
    pages.push(items)
    if (!token) return pages
    params = { pageToken: token }
  }
}

async function nameOfError(promise) {
  try {
    await promise
    return 'none'
  } catch (e) {
    return e.name
  }
}

// Each object of coda-js holds the client that it came from in its field API.
const withoutClient = (key, value) => (key === 'API' ? undefined : value)

read(...process.argv.slice(2)).then(
  (all) => console.log(JSON.stringify(all, withoutClient)),
  (e) => {
    console.error(e)
    process.exitCode = 1
  },
)
