// Pipelines of CI services other than GitHub's, and Makefiles.
#include <algorithm>

#include <gtest/gtest.h>

#include "deploy/repository.h"
#include "deploy/shell/makefile.h"
#include "support/temp_tree.h"

namespace pgadvise::deploy {
namespace {

using Files = std::initializer_list<std::pair<std::string, std::string>>;

std::vector<DeployCommand> commands(Files files) {
  const testing_support::TempTree tree(files);
  Diagnostics diagnostics;
  auto out = read_repository(tree.path(), diagnostics).deploy_commands;
  EXPECT_TRUE(diagnostics.empty());
  return out;
}

// "production", "note" or "" for the push of the file; with its line.
std::string push_in(const std::string& path, const std::string& text) {
  for (const auto& command : commands({{path, text}}))
    if (command.words.size() > 1 && command.words[0] == "drizzle-kit" && command.words[1] == "push")
      return (command.production ? "production:" : "note:") + std::to_string(command.place.line);
  return "";
}

TEST(Pipelines, GitLabJobsDeployByBranchAndEnvironment) {
  const auto push = [](const std::string& text) { return push_in(".gitlab-ci.yml", text); };
  const std::string script = "  script:\n    - npm ci\n    - npx drizzle-kit push\n";
  EXPECT_EQ(push("deploy:\n  environment: production\n" + script), "production:5");
  EXPECT_EQ(push("deploy:\n  environment: {name: production, url: x}\n" + script), "production:5");
  EXPECT_EQ(push("deploy:\n  only: [main]\n" + script), "production:5");
  EXPECT_EQ(push("deploy:\n  rules:\n    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n" + script),
            "production:6");
  EXPECT_EQ(push("deploy:\n  environment: staging\n" + script), "note:5");
  EXPECT_EQ(push("deploy:\n" + script), "note:4") << "any branch";
  EXPECT_EQ(push("check:\n" + script), "");
  EXPECT_EQ(push("deploy:\n  rules:\n    - if: $CI_PIPELINE_SOURCE == 'merge_request_event'\n" + script), "");
  EXPECT_EQ(push("test:\n  only: [main]\n" + script), "");
  EXPECT_EQ(push("deploy:\n  only: [main]\n  services: [postgres:16]\n" + script), "") << "its own database";
  EXPECT_EQ(
      push("deploy:\n  only: [main]\n  variables: {DATABASE_URL: 'postgres://a@localhost/b'}\n" + script),
      "");
}

TEST(Pipelines, GitLabTemplatesAreFollowed) {
  EXPECT_EQ(
      push_in(".gitlab-ci.yml",
              ".push:\n  script:\n    - npx drizzle-kit push\ndeploy:\n  extends: .push\n  only: [main]\n"),
      "production:3");
  EXPECT_EQ(push_in(".gitlab-ci.yml",
                    ".push:\n  script:\n    - npx drizzle-kit push\ndeploy:\n  only: [main]\n  "
                    "script:\n    - !reference [.push, script]\n"),
            "production:3");
  EXPECT_EQ(push_in(".gitlab-ci.yml", ".push:\n  script:\n    - npx drizzle-kit push\n"), "") << "no job";
  EXPECT_EQ(push_in(".gitlab-ci.yml", "a:\n  extends: b\nb:\n  extends: a\n"), "");
}

TEST(Pipelines, BitbucketBranchesAndDeployments) {
  const auto push = [](const std::string& text) { return push_in("bitbucket-pipelines.yml", text); };
  const std::string step = "      - step:\n          script:\n            - npx drizzle-kit push\n";
  EXPECT_EQ(push("pipelines:\n  branches:\n    main:\n" + step), "production:6");
  EXPECT_EQ(push("pipelines:\n  branches:\n    develop:\n" + step), "");
  EXPECT_EQ(push("pipelines:\n  pull-requests:\n    '**':\n" + step), "");
  EXPECT_EQ(push("pipelines:\n  custom:\n    deploy-production:\n" + step), "production:6");
  EXPECT_EQ(push("pipelines:\n  branches:\n    main:\n      - parallel:\n          - step:\n              "
                 "deployment: staging\n              script: [npx drizzle-kit push]\n"),
            "note:7");
  EXPECT_EQ(
      push("definitions:\n  services:\n    db: {image: 'postgres:16'}\npipelines:\n  branches:\n    main:\n "
           "     - step:\n          services: [db]\n          script: [npx drizzle-kit push]\n"),
      "");
}

TEST(Pipelines, CircleJobsRunInWorkflows) {
  const auto push = [](const std::string& job, const std::string& workflow) {
    return push_in(
        ".circleci/config.yml",
        "version: 2.1\njobs:\n  deploy:\n" + job +
            "    steps:\n      - checkout\n      - run: npx drizzle-kit push\nworkflows:\n  all:\n    "
            "jobs:\n" +
            workflow);
  };
  const std::string node = "    docker: [{image: 'cimg/node:22.1'}]\n";
  EXPECT_EQ(push(node, "      - deploy: {filters: {branches: {only: main}}}\n"), "production:7");
  EXPECT_EQ(push(node, "      - deploy: {filters: {branches: {only: develop}}}\n"), "");
  EXPECT_EQ(push(node, "      - deploy: {context: production}\n"), "production:7");
  EXPECT_EQ(push(node, "      - other\n"), "") << "in no workflow";
  EXPECT_EQ(push("    docker: [{image: 'cimg/node:22.1'}, {image: 'cimg/postgres:16'}]\n",
                 "      - deploy: {filters: {branches: {only: main}}}\n"),
            "")
      << "its own database";
}

TEST(Pipelines, JenkinsStagesDeployByName) {
  const auto push = [](const std::string& stage) {
    return push_in("Jenkinsfile", "pipeline {\n  agent any\n  stages {\n" + stage + "  }\n}\n");
  };
  const std::string steps = "steps { sh 'npx drizzle-kit push' }\n";
  EXPECT_EQ(push("stage('Deploy') {\n when { branch 'main' }\n " + steps + "}\n"), "production:6");
  EXPECT_EQ(push("stage('Deploy to production') {\n " + steps + "}\n"), "production:5");
  EXPECT_EQ(push("stage('Deploy') {\n " + steps + "}\n"), "note:5");
  EXPECT_EQ(push("stage('Test') {\n when { branch 'main' }\n " + steps + "}\n"), "");
  EXPECT_EQ(push("stage('Build') {\n " + steps + "}\n"), "");
  EXPECT_EQ(
      push("stage('Deploy') {\n when { branch 'main' }\n steps { // sh 'npx drizzle-kit push'\n }\n}\n"), "");
  EXPECT_EQ(push_in("Jenkinsfile",
                    "node {\n  stage('Release') {\n    if (env.BRANCH_NAME == 'main') {\n      sh "
                    "\"\"\"\n        npx drizzle-kit push\n      \"\"\"\n    }\n  }\n}\n"),
            "production:5");
}

TEST(Pipelines, MakeTargetsAreFollowed) {
  EXPECT_EQ(push_in("Makefile",
                    "KIT := npx drizzle-kit\ndeploy: migrate\n\t@echo done\nmigrate:\n\t@$(KIT) push\n"),
            "production:5");
  EXPECT_EQ(push_in("Makefile", "db-push:\n\tnpx drizzle-kit push\n"), "") << "nothing deploys it";
  EXPECT_EQ(push_in("Makefile", "deploy-dev deploy-prod-local:\n\tnpx drizzle-kit push\n"), "");
  const auto found = commands({{"Makefile", "db-push:\n\tnpx drizzle-kit push\n"},
                               {"Dockerfile", "FROM a\nCMD [\"make\", \"db-push\"]\n"}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].place.file, "Makefile");
  EXPECT_EQ(commands({{"Makefile", "a: b\nb: a\n\tmake a\n"}, {"deploy.sh", "make a"}}).size(), 0u);
}

// What each service runs when it deploys: a line of shell, in the form of each service's file.
struct Form {
  std::string name;
  std::string path;
  std::string before;  // of the line
  std::string after;
};

const std::vector<Form>& forms() {
  static const std::string circle = "    docker: [{image: 'cimg/node:22.1'}]\n    steps:\n      - ";
  static const std::string jenkins =
      "pipeline {\n  agent any\n  stages {\n    stage('Deploy') {\n      when { branch 'main' }\n"
      "      steps {\n        ";
  static const std::vector<Form> all = {
      {"GitLab's script", ".gitlab-ci.yml", "deploy:\n  only: [main]\n  script:\n    - ", "\n"},
      {"GitLab's block of lines", ".gitlab-ci.yml",
       "deploy:\n  only: [main]\n  script:\n    - |\n      set -e\n      ", "\n"},
      {"GitLab's before_script", ".gitlab-ci.yml",
       "deploy:\n  environment: production\n  before_script:\n    - ", "\n  script: [npm ci]\n"},
      {"GitLab's after_script", ".gitlab-ci.yml",
       "deploy:\n  environment: production\n  script: [npm ci]\n  after_script:\n    - ", "\n"},
      {"Bitbucket's script", "bitbucket-pipelines.yml",
       "pipelines:\n  branches:\n    main:\n      - step:\n          script:\n            - ", "\n"},
      {"Bitbucket's after-script", "bitbucket-pipelines.yml",
       "pipelines:\n  tags:\n    'v*':\n      - step:\n          script: [npm ci]\n"
       "          after-script:\n            - ",
       "\n"},
      {"Bitbucket's deployment", "bitbucket-pipelines.yml",
       "pipelines:\n  default:\n    - step:\n        deployment: production\n        script:\n          - ",
       "\n"},
      {"CircleCI's run", ".circleci/config.yml",
       "version: 2.1\nworkflows: {all: {jobs: [deploy: {filters: {branches: {only: main}}}]}}\njobs:\n"
       "  deploy:\n" +
           circle + "run: ",
       "\n"},
      {"CircleCI's command", ".circleci/config.yml",
       "version: 2.1\nworkflows: {all: {jobs: [deploy: {context: production}]}}\njobs:\n  deploy:\n" +
           circle + "run:\n          name: x\n          command: ",
       "\n"},
      {"CircleCI's conditional steps", ".circleci/config.yml",
       "version: 2.1\nworkflows: {all: {jobs: [deploy: {context: production}]}}\njobs:\n  deploy:\n" +
           circle + "when:\n          condition: true\n          steps:\n            - run: ",
       "\n"},
      {"Jenkins, one line", "Jenkinsfile", jenkins + "sh '", "'\n      }\n    }\n  }\n}\n"},
      {"Jenkins, several lines", "Jenkinsfile", jenkins + "sh '''\n          npm ci\n          ",
       "\n        '''\n      }\n    }\n  }\n}\n"},
      {"Jenkins, script:", "Jenkinsfile", jenkins + "sh(returnStdout: true, script: '",
       "')\n      }\n    }\n  }\n}\n"},
      {"a Makefile's target", "Makefile", "deploy:\n\t", "\n"},
      {"a Makefile's prerequisite", "Makefile", "deploy-prod: database\ndatabase:\n\t@", "\n"},
      {"a Makefile that calls itself", "Makefile", "release:\n\t$(MAKE) database\ndatabase:\n\t", "\n"},
  };
  return all;
}

TEST(Pipelines, PushSeedAndResetAreFoundInEachForm) {
  struct Line {
    std::string text;
    std::vector<std::string> words;  // with which the command that it reaches begins
  };
  const std::vector<Line> lines = {{"npx drizzle-kit push", {"drizzle-kit", "push"}},
                                   {"npm run db:push", {"drizzle-kit", "push"}},
                                   {"npm run db:seed", {"seed", "insert"}},
                                   {"npm run db:reset", {"seed", "wipe"}},
                                   {"npm run db:clear", {"seed", "wipe"}},
                                   {"npm run db:drop", {"seed", "wipe"}},
                                   {"make -f tasks.mk push", {"drizzle-kit", "push"}},
                                   {"make -f tasks.mk seed", {"seed", "insert"}},
                                   {"make -f tasks.mk clear", {"seed", "wipe"}}};
  for (const Form& form : forms())
    for (const Line& line : lines) {
      const auto found = commands(
          {{form.path, form.before + line.text + form.after},
           {"tasks.mk",
            "push:\n\tnpx drizzle-kit push\nseed:\n\tnode scripts/seed.js\nclear: empty\nempty:\n\tnode "
            "scripts/clear.js\n"},
           {"package.json",
            R"({"scripts": {"db:push": "drizzle-kit push", "db:seed": "node scripts/seed.js",
                "db:reset": "node scripts/reset.js", "db:clear": "node scripts/clear.js",
                "db:drop": "node scripts/drop.js"}})"},
           {"scripts/seed.js", "await db.insert(users).values([{ name: 'a' }]);\n"},
           {"scripts/reset.js", "import { users } from './schema';\nawait db.delete(users);\n"},
           {"scripts/clear.js", "import { users } from './schema';\nawait db.delete(users);\n"},
           {"scripts/drop.js", "await db.execute(sql`DROP SCHEMA public CASCADE`);\n"}});
      const bool reached = std::any_of(found.begin(), found.end(), [&](const DeployCommand& command) {
        return command.production && command.words.size() >= 2 && command.words[0] == line.words[0] &&
               command.words[1] == line.words[1];
      });
      EXPECT_TRUE(reached) << form.name << ": " << line.text;
    }
}

TEST(Pipelines, GitLabReadsTheFilesThatItIncludes) {
  const std::string job = "deploy:\n  only: [main]\n  script: [npx drizzle-kit push]\n";
  const auto reached = [&](const std::string& include, const std::string& file) {
    return !commands({{".gitlab-ci.yml", include}, {file, job}}).empty();
  };
  EXPECT_TRUE(reached("include: /ci/deploy.yml\n", "ci/deploy.yml"));
  EXPECT_TRUE(reached("include:\n  - local: ci/deploy.yml\n", "ci/deploy.yml"));
  EXPECT_FALSE(reached("include:\n  - template: Auto.gitlab-ci.yml\n", "ci/deploy.yml"));
  EXPECT_FALSE(reached("stages: [a]\n", "ci/deploy.yml"));
}

TEST(Makefile, ReadsRulesAndVariables) {
  const auto targets = parse_makefile(
      "A ?= x\n.PHONY: one\none two: three | four\n\t-$(A) ${B} $$c \\\n\t  d\n%.o: %.c\n\tcc\nfive: A = "
      "y\nsix: ; run\n");
  ASSERT_EQ(targets.size(), 4u);
  EXPECT_EQ(targets[0].name, "one");
  EXPECT_EQ(targets[1].name, "two");
  EXPECT_EQ(targets[0].needs, (std::vector<std::string>{"three", "four"}));
  ASSERT_EQ(targets[0].recipe.size(), 1u);
  EXPECT_EQ(targets[0].recipe[0].text, "x ${B} $c    d");
  EXPECT_EQ(targets[3].name, "six");
  ASSERT_EQ(targets[3].recipe.size(), 1u);
  std::string bomb = "a: ; $(V0)\n";
  for (int i = 0; i < 20; ++i) {
    bomb += "V" + std::to_string(i) + " =";
    for (int j = 0; j < 1000; ++j) bomb += "$(V" + std::to_string(i + 1) + ")";
    bomb += "\n";
  }
  EXPECT_EQ(parse_makefile(bomb).size(), 1u);
}

}  // namespace
}  // namespace pgadvise::deploy
