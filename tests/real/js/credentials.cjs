// Node's default credential chain, as a program that names a profile uses it: prints what it finds, or says why not.
//
//     node credentials.cjs NODE_MODULES PROFILE

"use strict";

const [modules, profile] = process.argv.slice(2);
const { fromNodeProviderChain } = require(`${modules}/@aws-sdk/credential-providers`);

fromNodeProviderChain({ profile })().then(
  (found) => console.log(JSON.stringify(found)),
  (error) => {
    console.error(`${error.name}: ${error.message}`);
    process.exitCode = 1;
  },
);
